// sum = (keep ? sum : 0) + g * weight; share: keep, weight. keep is 0 for the first micro-batch of an update.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  setSum(i, select(vec4f(), sum(i), share(0) != 0.0) + g(i) * share(1));
}
