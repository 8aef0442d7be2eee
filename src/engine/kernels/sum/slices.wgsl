// y[i] = sum over slices, in their order, of x[slice, i].

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  var total = V();
  for (var slice = 0u; slice < dims.slices; slice++) {
    total += x(slice * dims.size + i);
  }
  setY(i, total);
}
