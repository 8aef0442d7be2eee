// torch's lerp over weights and running statistics: e = e + weight (x - e), from the other end for weights of .5 and more.
@group(0) @binding(0) var<storage, read> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> statistics: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> e: array<vec4f>;
struct Dims { weights: u32, size: u32 }
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  var x: vec4f;
  if (i < dims.weights) { x = w[i]; } else { x = statistics[i - dims.weights]; }
  let step = weight[0];
  let difference = x - e[i];
  e[i] = select(x - difference * (1.0 - step), e[i] + step * difference, step < 0.5);
}
