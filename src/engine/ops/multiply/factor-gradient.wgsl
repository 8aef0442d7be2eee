// db[slice, row, c] = sum over the slice's positions of dy * a. a, dy [rows, positions, channels]; db [slices, rows, channels].

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let part = i / dims.channels;
  if (part >= dims.rows * dims.slices) { return; }
  let c = i % dims.channels;
  let start = (part / dims.rows) * dims.perSlice;
  let end = min(start + dims.perSlice, dims.positions);
  let first = (part % dims.rows) * dims.positions;
  var total = V();
  for (var position = start; position < end; position++) {
    let at = (first + position) * dims.channels + c;
    total += dy(at) * a(at);
  }
  setDb(i, total);
}
