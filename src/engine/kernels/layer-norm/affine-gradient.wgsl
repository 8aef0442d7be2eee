// Over one slice of the rows: sums of dy * xhat and of dy. partial [slices, 2, columns]: for gamma, for beta.
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<V>;
struct Dims { rows: u32, columns: u32, slices: u32, perSlice: u32 }
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let slice = i / dims.columns;
  if (slice >= dims.slices) { return; }
  let c = i % dims.columns;
  var forGamma = V();
  var forBeta = V();
  for (var row = slice * dims.perSlice; row < min((slice + 1u) * dims.perSlice, dims.rows); row++) {
    let d = dy[row * dims.columns + c];
    forGamma += d * (x[row * dims.columns + c] - stats[row * 2u]) * stats[row * 2u + 1u];
    forBeta += d;
  }
  let at = slice * 2u * dims.columns + c;
  partial[at] = forGamma;
  partial[at + dims.columns] = forBeta;
}
