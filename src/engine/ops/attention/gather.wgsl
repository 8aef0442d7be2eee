// Weighted sums along one side of a [b, h, n, m] table, back in the layout [b, tokens, h * depth].
// OVER_KEYS: y[b, n, h, d] = scale * sum over m of table[b, h, n, m] * x[b, m, h, d]
// else:      y[b, m, h, d] = scale * sum over n of table[b, h, n, m] * x[b, n, h, d]

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let h = c / dims.depth;
#if OVER_KEYS
  let token = (i / dims.channels) % dims.queries;
  let b = i / (dims.channels * dims.queries);
  let first = ((b * dims.heads + h) * dims.queries + token) * dims.keys;
  let hop = 1u;
  let count = dims.keys;
#else
  let token = (i / dims.channels) % dims.keys;
  let b = i / (dims.channels * dims.keys);
  let first = (b * dims.heads + h) * dims.queries * dims.keys + token;
  let hop = dims.keys;
  let count = dims.queries;
#end
  var total = 0.0;
  for (var j = 0u; j < count; j++) {
    total += table(first + j * hop) * x((b * count + j) * dims.channels + c);
  }
  setY(i, total * dims.scale);
}
