// sum = (keep ? sum : 0) + g * weight; share: keep, weight. keep is 0 for the first micro-batch of an update.
@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> share: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<vec4f>;
struct Dims { size: u32 }
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  sum[i] = select(vec4f(), sum[i], share[0] != 0.0) + g[i] * share[1];
}
