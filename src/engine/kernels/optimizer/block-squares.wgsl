// partial[b] = sums of w^2 and g^2 over the block b of BLOCK vec4. A parameter begins with a block of its own.
@group(0) @binding(0) var<storage, read> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> g: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec2f>;
struct Dims { blocks: u32 }
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let b = thread(id, groups);
  if (b >= dims.blocks) { return; }
  var total = vec2f();
  for (var k = BLOCK * b; k < BLOCK * (b + 1u); k++) { total += vec2f(dot(w[k], w[k]), dot(g[k], g[k])); }
  partial[b] = total;
}
