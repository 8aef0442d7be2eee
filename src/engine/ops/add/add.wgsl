// y = a + b, or without a y = y + b.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
#if HAS_A
  setY(i, a(i) + b(i));
#else
  setY(i, y(i) + b(i));
#end
}
