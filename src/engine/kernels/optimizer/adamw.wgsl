// torch.optim.AdamW over all weights at once: w -= lr wd w; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
// w -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps). Weights that decay come first.
@group(0) @binding(0) var<storage, read> g: array<vec4f>;
// lr wd, lr / (1 - b1^t), sqrt(1 - b2^t).
@group(0) @binding(1) var<storage, read> rates: array<f32>;
#if CLIP
@group(0) @binding(2) var<storage, read> clip: array<f32>;
#end
@group(0) @binding(2 + CLIP) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(3 + CLIP) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4 + CLIP) var<storage, read_write> v: array<vec4f>;
struct Dims { size: u32, decaying: u32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, eps: f32 }
@group(0) @binding(5 + CLIP) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
#if CLIP
  let gradient = g[i] * clip[0];
#else
  let gradient = g[i];
#end
  let mean = dims.beta1 * m[i] + dims.rest1 * gradient;
  let square = dims.beta2 * v[i] + dims.rest2 * gradient * gradient;
  m[i] = mean;
  v[i] = square;
  let kept = w[i] * (1.0 - select(0.0, rates[0], i < dims.decaying));
  w[i] = kept - rates[1] * mean / (sqrt(square) / rates[2] + dims.eps);
}
