// torch.optim.SGD over all weights at once: g += wd w; v = momentum v + g; w -= lr (nesterov ? g + momentum v : v).
// Weights that decay come first. LARS multiplies what decays by its parameter's trust ratio
// (owners: number of the parameter of each BLOCK vec4), clipping all gradients by one factor.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let decay = select(0.0, rates(1), i < dims.decaying);
#if HAS_CLIP
  let raw = g(i) * clip(0);
#else
  let raw = g(i);
#end
#if HAS_RATIOS
  var gradient = raw;
  if (i < dims.decaying) { gradient = (raw + decay * w(i)) * ratios(owners(i / BLOCK)); }
#else
  let gradient = raw + decay * w(i);
#end
  let velocity = dims.momentum * v(i) + gradient;
  setV(i, velocity);
  setW(i, w(i) - (rates(0) * select(velocity, gradient + dims.momentum * velocity, dims.nesterov == 1u)));
}
