// dx = (g - mean(g) - xhat * mean(g * xhat)) / deviation, with g = dy * gamma, over each row. One thread per row.
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
  let mean = stats(row * 2u);
  let inverse = stats(row * 2u + 1u);
  var sum = V();
  var product = V();
  for (var c = 0u; c < dims.columns; c++) {
    let g = dy(start + c) * gamma(c);
    sum += g;
    product += g * (x(start + c) - mean);
  }
  let meanG = total(sum) * dims.perValue;
  let meanGX = total(product) * dims.perValue * inverse;
  for (var c = 0u; c < dims.columns; c++) {
    let xhat = (x(start + c) - mean) * inverse;
    setDx(start + c, (dy(start + c) * gamma(c) - meanG - xhat * meanGX) * inverse);
  }
}
