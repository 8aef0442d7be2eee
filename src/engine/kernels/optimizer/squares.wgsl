// partial[i] = sum of g^2 over every threads-th vec4 from i on: neighbours read neighbours.
@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
struct Dims { size: u32, threads: u32 }
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.threads) { return; }
  var total = vec4f();
  for (var k = i; k < dims.size; k += dims.threads) { total += g[k] * g[k]; }
  partial[i] = total.x + total.y + total.z + total.w;
}
