// Statistics of each channel from those of its slices (Chan et al. 1979), and the running statistics moved towards them.
// stats [2, channels]: mean, 1 / sqrt(variance + eps).
@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> stats: array<f32>;
@group(0) @binding(2) var<storage, read_write> runningMean: array<f32>;
@group(0) @binding(3) var<storage, read_write> runningVariance: array<f32>;
struct Dims { rows: u32, channels: u32, slices: u32, perSlice: u32, eps: f32, momentum: f32 }
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = thread(id, groups);
  if (c >= dims.channels) { return; }
  let rows = f32(dims.rows);
  let lastRows = f32(dims.rows - (dims.slices - 1u) * dims.perSlice);
  // Relative to the first slice's mean: a weighted mean of small differences loses no digits.
  let origin = partial[c];
  var shift = 0.0;
  for (var s = 1u; s < dims.slices; s++) {
    let n = select(f32(dims.perSlice), lastRows, s + 1u == dims.slices);
    shift += (partial[s * 2u * dims.channels + c] - origin) * (n / rows);
  }
  let mean = origin + shift;
  var squares = 0.0;
  for (var s = 0u; s < dims.slices; s++) {
    let n = select(f32(dims.perSlice), lastRows, s + 1u == dims.slices);
    let d = partial[s * 2u * dims.channels + c] - mean;
    squares += partial[(s * 2u + 1u) * dims.channels + c] + d * d * n;
  }
  let variance = squares / rows;
  stats[c] = mean;
  stats[dims.channels + c] = inverseSqrt(variance + dims.eps);
  runningMean[c] += dims.momentum * (mean - runningMean[c]);
  runningVariance[c] += dims.momentum * (variance * (rows / (rows - 1.0)) - runningVariance[c]);
}
