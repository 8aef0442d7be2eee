// torch.optim.SGD over all weights at once: g += wd w; v = momentum v + g; w -= lr (nesterov ? g + momentum v : v).
// Weights that decay come first. LARS multiplies what decays by its parameter's trust ratio; CLIP all gradients by one factor.
@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> lr: array<f32>;
#if CLIP
@group(0) @binding(2) var<storage, read> clip: array<f32>;
#end
#if LARS
// Number of the parameter of each BLOCK vec4, and ratio by parameter.
@group(0) @binding(2 + CLIP) var<storage, read> owners: array<u32>;
@group(0) @binding(3 + CLIP) var<storage, read> ratios: array<f32>;
#end
@group(0) @binding(2 + CLIP + LARS + LARS) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(3 + CLIP + LARS + LARS) var<storage, read_write> v: array<vec4f>;
struct Dims { size: u32, decaying: u32, nesterov: u32, momentum: f32, weightDecay: f32 }
@group(0) @binding(4 + CLIP + LARS + LARS) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let decay = select(0.0, dims.weightDecay, i < dims.decaying);
#if CLIP
  let raw = g[i] * clip[0];
#else
  let raw = g[i];
#end
#if LARS
  var gradient = raw;
  if (i < dims.decaying) { gradient = (raw + decay * w[i]) * ratios[owners[i / BLOCK]]; }
#else
  let gradient = raw + decay * w[i];
#end
  let velocity = dims.momentum * v[i] + gradient;
  v[i] = velocity;
  w[i] -= lr[0] * select(velocity, gradient + dims.momentum * velocity, dims.nesterov == 1u);
}
