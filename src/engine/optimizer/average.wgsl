// torch's lerp over weights and running statistics: e = e + weight (x - e), from the other end for weights of .5 and more.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  var x: vec4f;
  if (i < dims.weights) { x = w(i); } else { x = statistics(i - dims.weights); }
  let step = weight(0);
  let difference = x - e(i);
  setE(i, select(x - difference * (1.0 - step), e(i) + step * difference, step < 0.5));
}
