// partial[b] = sums of w^2 and g^2 over the block b of BLOCK vec4. A parameter begins with a block of its own.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let b = thread(id, groups);
  if (b >= dims.blocks) { return; }
  var total = vec2f();
  for (var k = BLOCK * b; k < BLOCK * (b + 1u); k++) { total += vec2f(dot(w(k), w(k)), dot(g(k), g(k))); }
  setPartial(b, total);
}
