// Sums of the first three columns of rows [batch, 4], and the mean loss. One thread.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x > 0u) { return; }
  var total = vec4f();
  for (var row = 0u; row < dims.batch; row++) { total += rows(row); }
  setSums(0, total.x);
  setSums(1, total.y);
  setSums(2, total.z);
  setMean(0, total.x / f32(dims.batch));
}
