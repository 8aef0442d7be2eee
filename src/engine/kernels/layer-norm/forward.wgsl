// y = (x - mean) / sqrt(variance + eps) * gamma + beta over each row. One thread per row; stats [rows, 2]: mean, inverse deviation.
#if VEC
alias V = vec4f;
fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
#else
alias V = f32;
fn total(v: f32) -> f32 { return v; }
#end
@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> gamma: array<V>;
@group(0) @binding(2) var<storage, read> beta: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<storage, read_write> stats: array<f32>;
struct Dims { rows: u32, columns: u32, perValue: f32, eps: f32 }
@group(0) @binding(5) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.rows) { return; }
  let start = row * dims.columns;
  var sum = V();
  for (var c = 0u; c < dims.columns; c++) { sum += x[start + c]; }
  let mean = total(sum) * dims.perValue;
  var squares = V();
  for (var c = 0u; c < dims.columns; c++) {
    let d = x[start + c] - mean;
    squares += d * d;
  }
  let inverse = inverseSqrt(total(squares) * dims.perValue + dims.eps);
  for (var c = 0u; c < dims.columns; c++) {
    y[start + c] = (x[start + c] - mean) * inverse * gamma[c] + beta[c];
  }
  stats[row * 2u] = mean;
  stats[row * 2u + 1u] = inverse;
}
