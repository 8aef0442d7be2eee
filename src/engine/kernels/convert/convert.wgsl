// y = x, between tensors of different precision: gpu/half.ts makes the conversion.
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
struct Dims { size: u32 }
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i < dims.size) { y[i] = x[i]; }
}
