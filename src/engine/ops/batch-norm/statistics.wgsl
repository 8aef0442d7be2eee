// Mean and sum of squared deviations of each channel over one slice of a group's rows. x [groups, rows, channels];
// partial [groups, slices, 2, channels].
// Values are taken relative to the slice's first, so that a mean far from 0 costs no digits.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let slice = i / dims.channels;
  if (slice >= dims.slices * dims.groups) { return; }
  let c = i % dims.channels;
  let group = slice / dims.slices;
  let first = group * dims.rows;
  let start = first + (slice % dims.slices) * dims.perSlice;
  let end = min(start + dims.perSlice, first + dims.rows);
  let origin = x(start * dims.channels + c);
  var sum = V();
  var squares = V();
  for (var row = start; row < end; row++) {
    let d = x(row * dims.channels + c) - origin;
    sum += d;
    squares += d * d;
  }
  let mean = sum / f32(end - start);
  let at = slice * 2u * dims.channels + c;
  setPartial(at, origin + mean);
  setPartial(at + dims.channels, max(V(), squares - sum * mean));
}
