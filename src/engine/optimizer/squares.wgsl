// partial[i] = sum of g^2 over every threads-th vec4 from i on: neighbours read neighbours.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.threads) { return; }
  var total = vec4f();
  for (var k = i; k < dims.size; k += dims.threads) { total += g(k) * g(k); }
  setPartial(i, total.x + total.y + total.z + total.w);
}
