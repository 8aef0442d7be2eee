// Exchanges the average with the weights and running statistics.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let average = e(i);
  if (i < dims.weights) {
    setE(i, w(i));
    setW(i, average);
  } else {
    setE(i, statistics(i - dims.weights));
    setStatistics(i - dims.weights, average);
  }
}
