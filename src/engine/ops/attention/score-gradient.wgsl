// ds[b, h, n, m] = p * (dp - sum over m of p * dp), dp[m] = dy[b, n, h, :] . v[b, m, h, :]. One thread per (b, h, n).

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.rows) { return; }
  let n = row % dims.queries;
  let h = (row / dims.queries) % dims.heads;
  let b = row / (dims.queries * dims.heads);
  let start = (b * dims.queries + n) * dims.channels + h * dims.depth;
  let out = row * dims.keys;
  var mean = 0.0;
  for (var m = 0u; m < dims.keys; m++) {
    let to = (b * dims.keys + m) * dims.channels + h * dims.depth;
    var dp = 0.0;
    for (var d = 0u; d < dims.depth; d++) { dp += dy(start + d) * v(to + d); }
    setDs(out + m, dp);
    mean += p(out + m) * dp;
  }
  for (var m = 0u; m < dims.keys; m++) { setDs(out + m, p(out + m) * (ds(out + m) - mean)); }
}
