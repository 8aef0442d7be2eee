// Over one slice of a group's rows: sums of dz and of dz * xhat, where dz is dy behind the ReLU. stats [groups, 2, channels];
// partial [slices, groups, 2, channels].

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  // The slice's place in partial: slices of the same number lie together, group by group.
  let place = i / dims.channels;
  if (place >= dims.slices * dims.groups) { return; }
  let c = i % dims.channels;
  let group = place % dims.groups;
  let first = group * dims.rows;
  let start = first + (place / dims.groups) * dims.perSlice;
  let statistic = group * 2u * dims.channels + c;
  let mean = stats(statistic);
  var sum = V();
  var product = V();
  for (var row = start; row < min(start + dims.perSlice, first + dims.rows); row++) {
    let at = row * dims.channels + c;
#if HAS_Y
    let dz = select(V(), dy(at), y(at) > V());
#else
    let dz = dy(at);
#end
    sum += dz;
    product += dz * (x(at) - mean);
  }
  let at = place * 2u * dims.channels + c;
  setPartial(at, sum);
  setPartial(at + dims.channels, product * stats(statistic + dims.channels));
}
