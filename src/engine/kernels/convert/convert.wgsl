// y = x, between tensors of different precision: what kernel.ts puts around memory converts.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i < dims.size) { setY(i, x(i)); }
}
