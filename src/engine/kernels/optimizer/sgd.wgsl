// torch.optim.SGD over all weights at once: g += wd w; v = momentum v + g; w -= lr (nesterov ? g + momentum v : v).
// Weights that decay come first.
@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> lr: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
struct Dims { size: u32, decaying: u32, nesterov: u32, momentum: f32, weightDecay: f32 }
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let decay = select(0.0, dims.weightDecay, i < dims.decaying);
  let gradient = g[i] + decay * w[i];
  let velocity = dims.momentum * v[i] + gradient;
  v[i] = velocity;
  w[i] -= lr[0] * select(velocity, gradient + dims.momentum * velocity, dims.nesterov == 1u);
}
