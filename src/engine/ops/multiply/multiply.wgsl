// y = a * b, where b's numbers repeat along the positions of a: b [batch, channels] of a [batch, positions, channels]. perBatch 0: b is
// [channels], the same for all of the batch; positions 1: equal shapes.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let row = i / (dims.positions * dims.channels);
  setY(i, a(i) * b(row * dims.perBatch + i % dims.channels));
}
