// p[b, h, n, :] = softmax over m of (q[b, n, h, :] . k[b, m, h, :]) * scale + bias[h, n, m]. One thread per (b, h, n).

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.rows) { return; }
  let n = row % dims.queries;
  let h = (row / dims.queries) % dims.heads;
  let b = row / (dims.queries * dims.heads);
  let start = (b * dims.queries + n) * dims.channels + h * dims.depth;
  let out = row * dims.keys;
  let biases = (h * dims.queries + n) * dims.keys;
  var most = -3.4028234e38;
  for (var m = 0u; m < dims.keys; m++) {
    let to = (b * dims.keys + m) * dims.channels + h * dims.depth;
    var score = 0.0;
    for (var d = 0u; d < dims.depth; d++) { score += q(start + d) * k(to + d); }
    score = score * dims.scale + bias(biases + m);
    setP(out + m, score);
    most = max(most, score);
  }
  var sum = 0.0;
  for (var m = 0u; m < dims.keys; m++) {
    let e = exp(p(out + m) - most);
    setP(out + m, e);
    sum += e;
  }
  for (var m = 0u; m < dims.keys; m++) { setP(out + m, p(out + m) / sum); }
}
