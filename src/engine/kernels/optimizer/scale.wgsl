// y *= factor.
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
struct Dims { size: u32, factor: f32 }
@group(0) @binding(1) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i < dims.size) { y[i] *= dims.factor; }
}
