// dz = (softmax(z) - t) * dy / batch; rows [batch, 4] holds log sum exp.
// DISTILL: task * (softmax(z) - t) + distill * T * (softmax(z / T) - softmax(u / T)) in the place of the bracket; soft [batch]
// holds log sum exp of z / T and of the teacher's u / T.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
#if HAS_TEACHER
  let task = exp(logits(i) - rows(i / dims.classes).w) - targets(i);
  let shares = exp(dims.sharpness * vec2f(logits(i), teacher(i)) - soft(i / dims.classes));
  let slope = dims.task * task + dims.distill * (shares.x - shares.y) / dims.sharpness;
  setDz(i, slope * (dy(0) * dims.perRow));
#else
  setDz(i, (exp(logits(i) - rows(i / dims.classes).w) - targets(i)) * (dy(0) * dims.perRow));
#end
}
