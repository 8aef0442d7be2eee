// y[slice, c] = sum over the slice's rows of x[row, c].
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
struct Dims { rows: u32, columns: u32, slices: u32, perSlice: u32 }
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let slice = i / dims.columns;
  if (slice >= dims.slices) { return; }
  let c = i % dims.columns;
  var total = V();
  for (var row = slice * dims.perSlice; row < min((slice + 1u) * dims.perSlice, dims.rows); row++) {
    total += x[row * dims.columns + c];
  }
  y[i] = total;
}
