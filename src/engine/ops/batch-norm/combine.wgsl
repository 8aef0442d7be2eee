// Statistics of each group and channel from those of its slices (Chan et al. 1979), and the running statistics moved towards
// the first group's. partial [groups, slices, 2, channels]; stats [groups, 2, channels]: mean, 1 / sqrt(variance + eps).

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.channels * dims.groups) { return; }
  let c = i % dims.channels;
  let group = i / dims.channels;
  let first = group * dims.slices * 2u * dims.channels + c;
  let rows = f32(dims.rows);
  let lastRows = f32(dims.rows - (dims.slices - 1u) * dims.perSlice);
  // Relative to the first slice's mean: a weighted mean of small differences loses no digits.
  let origin = partial(first);
  var shift = 0.0;
  for (var s = 1u; s < dims.slices; s++) {
    let n = select(f32(dims.perSlice), lastRows, s + 1u == dims.slices);
    shift += (partial(first + s * 2u * dims.channels) - origin) * (n / rows);
  }
  let mean = origin + shift;
  var squares = 0.0;
  for (var s = 0u; s < dims.slices; s++) {
    let n = select(f32(dims.perSlice), lastRows, s + 1u == dims.slices);
    let d = partial(first + s * 2u * dims.channels) - mean;
    squares += partial(first + (s * 2u + 1u) * dims.channels) + d * d * n;
  }
  let variance = squares / rows;
  let at = group * 2u * dims.channels + c;
  setStats(at, mean);
  setStats(at + dims.channels, inverseSqrt(variance + dims.eps));
  if (group > 0u) { return; }
  setRunningMean(c, runningMean(c) + (dims.momentum * (mean - runningMean(c))));
  setRunningVariance(c, runningVariance(c) + (dims.momentum * (variance * (rows / (rows - 1.0)) - runningVariance(c))));
}
