// dx = (g - mean(g) - xhat * mean(g * xhat)) / deviation, with g = dy * gamma, over each row. One thread per row.
#if VEC
alias V = vec4f;
fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
#else
alias V = f32;
fn total(v: f32) -> f32 { return v; }
#end
@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> gamma: array<V>;
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<V>;
struct Dims { rows: u32, columns: u32, perValue: f32 }
@group(0) @binding(5) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.rows) { return; }
  let start = row * dims.columns;
  let mean = stats[row * 2u];
  let inverse = stats[row * 2u + 1u];
  var sum = V();
  var product = V();
  for (var c = 0u; c < dims.columns; c++) {
    let g = dy[start + c] * gamma[c];
    sum += g;
    product += g * (x[start + c] - mean);
  }
  let meanG = total(sum) * dims.perValue;
  let meanGX = total(product) * dims.perValue * inverse;
  for (var c = 0u; c < dims.columns; c++) {
    let xhat = (x[start + c] - mean) * inverse;
    dx[start + c] = (dy[start + c] * gamma[c] - meanG - xhat * meanGX) * inverse;
  }
}
