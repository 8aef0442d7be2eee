// p[b, h, n, :] = softmax over m of (q[b, n, h, :] . k[b, m, h, :]) * scale + bias[h, n, m]. One thread per (b, h, n).
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;
struct Dims { rows: u32, heads: u32, queries: u32, keys: u32, channels: u32, depth: u32, scale: f32 }
@group(0) @binding(4) var<uniform> dims: Dims;

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
    for (var d = 0u; d < dims.depth; d++) { score += q[start + d] * k[to + d]; }
    score = score * dims.scale + bias[biases + m];
    p[out + m] = score;
    most = max(most, score);
  }
  var sum = 0.0;
  for (var m = 0u; m < dims.keys; m++) {
    let e = exp(p[out + m] - most);
    p[out + m] = e;
    sum += e;
  }
  for (var m = 0u; m < dims.keys; m++) { p[out + m] /= sum; }
}
