// dx = gamma / deviation * (dz - mean(dz) - xhat * mean(dz * xhat)); the residual receives dz.
// stats [groups, 2, channels]; sums [groups, 2, channels]: of dz and of dz * xhat over a group's rows.
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> stats: array<V>;
@group(0) @binding(3) var<storage, read> sums: array<V>;
@group(0) @binding(4) var<storage, read> gamma: array<V>;
#if RELU
@group(0) @binding(5) var<storage, read> y: array<V>;
#end
@group(0) @binding(5 + RELU) var<storage, read_write> dx: array<V>;
#if SPLIT
@group(0) @binding(6 + RELU) var<storage, read_write> dResidual: array<V>;
#end
struct Dims { size: u32, channels: u32, perGroup: u32, perRow: f32 }
@group(0) @binding(6 + RELU + SPLIT) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
#if RELU
  let dz = select(V(), dy[i], y[i] > V());
#else
  let dz = dy[i];
#end
#if GROUPED
  let at = (i / dims.perGroup) * 2u * dims.channels + c;
#else
  let at = c;
#end
  let inverse = stats[at + dims.channels];
  let xhat = (x[i] - stats[at]) * inverse;
  dx[i] = gamma[c] * inverse * (dz - (sums[at] + xhat * sums[at + dims.channels]) * dims.perRow);
#if SPLIT
  dResidual[i] = dz;
#end
}
