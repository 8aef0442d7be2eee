// dx = gamma / deviation * (dz - mean(dz) - xhat * mean(dz * xhat)); the residual receives dz.
// stats [groups, 2, channels]; sums [groups, 2, channels]: of dz and of dz * xhat over a group's rows.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
#if HAS_Y
  let dz = select(V(), dy(i), y(i) > V());
#else
  let dz = dy(i);
#end
#if GROUPED
  let at = (i / dims.perGroup) * 2u * dims.channels + c;
#else
  let at = c;
#end
  let inverse = stats(at + dims.channels);
  let xhat = (x(i) - stats(at)) * inverse;
  setDx(i, gamma(c) * inverse * (dz - (sums(at) + xhat * sums(at + dims.channels)) * dims.perRow));
#if HAS_D_RESIDUAL
  setDResidual(i, dz);
#end
}
