// sums[group] = sum over the slices; total = sum over the groups: the gradients of beta and gamma.
// partial [slices, groups, width], sums [groups, width], total [width], where width is two rows of channels.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.width) { return; }
  var all = 0.0;
  for (var group = 0u; group < dims.groups; group++) {
    var sum = 0.0;
    for (var slice = 0u; slice < dims.slices; slice++) {
      sum += partial((slice * dims.groups + group) * dims.width + i);
    }
    setSums(group * dims.width + i, sum);
    all += sum;
  }
  setTotal(i, all);
}
