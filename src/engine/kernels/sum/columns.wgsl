// y[slice, c] = sum over the slice's rows of x[row, c].

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let slice = i / dims.columns;
  if (slice >= dims.slices) { return; }
  let c = i % dims.columns;
  var total = V();
  for (var row = slice * dims.perSlice; row < min((slice + 1u) * dims.perSlice, dims.rows); row++) {
    total += x(row * dims.columns + c);
  }
  setY(i, total);
}
