// ds[b, h, n, m] = p * (dp - sum over m of p * dp), dp[m] = dy[b, n, h, :] . v[b, m, h, :]. One thread per (b, h, n).
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> p: array<f32>;
@group(0) @binding(3) var<storage, read_write> ds: array<f32>;
struct Dims { rows: u32, heads: u32, queries: u32, keys: u32, channels: u32, depth: u32 }
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
  var mean = 0.0;
  for (var m = 0u; m < dims.keys; m++) {
    let to = (b * dims.keys + m) * dims.channels + h * dims.depth;
    var dp = 0.0;
    for (var d = 0u; d < dims.depth; d++) { dp += dy[start + d] * v[to + d]; }
    ds[out + m] = dp;
    mean += p[out + m] * dp;
  }
  for (var m = 0u; m < dims.keys; m++) { ds[out + m] = p[out + m] * (ds[out + m] - mean); }
}
