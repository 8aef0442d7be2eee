// torch.optim.AdamW over all weights at once: w -= lr wd w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
// w -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps). Weights that decay come first.
// lr wd, lr / (1 - b1^t), sqrt(1 - b2^t).

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
#if HAS_CLIP
  let gradient = g(i) * clip(0);
#else
  let gradient = g(i);
#end
  let mean = dims.beta1 * m(i) + dims.rest1 * gradient;
  let square = dims.beta2 * v(i) + dims.rest2 * gradient * gradient;
  setM(i, mean);
  setV(i, square);
  let kept = w(i) * (1.0 - select(0.0, rates(0), i < dims.decaying));
  setW(i, kept - rates(1) * mean / (sqrt(square) / rates(2) + dims.eps));
}
