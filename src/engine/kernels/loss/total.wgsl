// Sums of the first three columns of rows [batch, 4], and the mean loss. One thread.
@group(0) @binding(0) var<storage, read> rows: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
struct Dims { batch: u32 }
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x > 0u) { return; }
  var total = vec4f();
  for (var row = 0u; row < dims.batch; row++) { total += rows[row]; }
  sums[0] = total.x;
  sums[1] = total.y;
  sums[2] = total.z;
  mean[0] = total.x / f32(dims.batch);
}
