// Copies [rows, part] into the columns of [rows, whole] that begin at `first`; BACK: the other way.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let at = (i / dims.part) * dims.whole + dims.first + i % dims.part;
#if BACK
  setY(i, x(at));
#else
  setY(at, x(i));
#end
}
