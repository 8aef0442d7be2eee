// Over one slice of the rows: sums of dy * xhat and of dy. partial [slices, 2, columns]: for gamma, for beta.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let slice = i / dims.columns;
  if (slice >= dims.slices) { return; }
  let c = i % dims.columns;
  var forGamma = V();
  var forBeta = V();
  for (var row = slice * dims.perSlice; row < min((slice + 1u) * dims.perSlice, dims.rows); row++) {
    let d = dy(row * dims.columns + c);
    forGamma += d * (x(row * dims.columns + c) - stats(row * 2u)) * stats(row * 2u + 1u);
    forBeta += d;
  }
  let at = slice * 2u * dims.columns + c;
  setPartial(at, forGamma);
  setPartial(at + dims.columns, forBeta);
}
