// y = x where the mask keeps it, divided by the share that is kept; else 0. One draw for every perDraw numbers: an image (drop path) or
// one number (dropout). Draw i is number i of the stream (seed, name, microBatch) of core/rng.ts: Philox 4x32-10 (Salmon et al. 2011).

fn mulHigh(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let low = a0 * b0;
  let middle = a1 * b0 + (low >> 16u);
  let carry = (middle & 0xffffu) + a0 * b1;
  return a1 * b1 + (middle >> 16u) + (carry >> 16u);
}

fn philox(counter: vec4u, start: vec2u) -> vec4u {
  var c = counter;
  var key = start;
  for (var round = 0u; round < 10u; round++) {
    let high0 = mulHigh(0xd2511f53u, c.x);
    let high1 = mulHigh(0xcd9e8d57u, c.z);
    c = vec4u(high1 ^ c.y ^ key.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ key.y, 0xd2511f53u * c.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let draw = i / dims.perDraw;
  let bits = philox(vec4u(draw / 4u, 0u, u32(microBatch(0)), 0u), vec2u(dims.seed, dims.name))[draw % 4u];
  let uniform01 = f32(bits >> 8u) / 16777216.0;
  setY(i, select(x(i) / (1.0 - dims.rate), 0.0, uniform01 < dims.rate));
}
