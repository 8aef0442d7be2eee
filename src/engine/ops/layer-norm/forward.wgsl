// y = (x - mean) / sqrt(variance + eps) * gamma + beta over each row. One thread per row; stats [rows, 2]: mean, inverse deviation.
#if VEC
fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
#else
fn total(v: f32) -> f32 { return v; }
#end

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.rows) { return; }
  let start = row * dims.columns;
  var sum = V();
  for (var c = 0u; c < dims.columns; c++) { sum += x(start + c); }
  let mean = total(sum) * dims.perValue;
  var squares = V();
  for (var c = 0u; c < dims.columns; c++) {
    let d = x(start + c) - mean;
    squares += d * d;
  }
  let inverse = inverseSqrt(total(squares) * dims.perValue + dims.eps);
  for (var c = 0u; c < dims.columns; c++) {
    setY(start + c, (x(start + c) - mean) * inverse * gamma(c) + beta(c));
  }
  setStats(row * 2u, mean);
  setStats(row * 2u + 1u, inverse);
}
