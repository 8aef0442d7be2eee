// torch.nn.utils.clip_grad_norm_: factor = min(1, limit / (|g| + 1e-6)), from partial sums of g^2. One workgroup.

var<workgroup> sums: array<f32, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) local: u32) {
  var own = 0.0;
  for (var k = local; k < dims.count; k += WG) { own += partial(k); }
  sums[local] = own;
  workgroupBarrier();
  if (local > 0u) { return; }
  var total = 0.0;
  for (var k = 0u; k < WG; k++) { total += sums[k]; }
  setFactor(0, min(1.0, dims.limit / (sqrt(total) + 1e-6)));
}
