// Exchanges the average with the weights and running statistics.
@group(0) @binding(0) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> statistics: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> e: array<vec4f>;
struct Dims { weights: u32, size: u32 }
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let average = e[i];
  if (i < dims.weights) {
    e[i] = w[i];
    w[i] = average;
  } else {
    e[i] = statistics[i - dims.weights];
    statistics[i - dims.weights] = average;
  }
}
