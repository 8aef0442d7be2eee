// y = a + b; IN_PLACE: y has been a until now.
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> b: array<V>;
#if IN_PLACE
@group(0) @binding(1) var<storage, read_write> y: array<V>;
#else
@group(0) @binding(1) var<storage, read> a: array<V>;
@group(0) @binding(2) var<storage, read_write> y: array<V>;
#end
struct Dims { size: u32 }
@group(0) @binding(3 - IN_PLACE) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
#if IN_PLACE
  y[i] += b[i];
#else
  y[i] = a[i] + b[i];
#end
}
