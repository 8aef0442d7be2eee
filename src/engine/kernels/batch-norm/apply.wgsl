// y = (x - mean) * (inverse deviation) * gamma + beta, plus a residual, through a ReLU, as asked.
// Training reads stats [groups, 2, channels]; evaluation (RUNNING) takes running mean and variance.
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> gamma: array<V>;
@group(0) @binding(2) var<storage, read> beta: array<V>;
#if RUNNING
@group(0) @binding(3) var<storage, read> runningMean: array<V>;
@group(0) @binding(4) var<storage, read> runningVariance: array<V>;
#else
@group(0) @binding(3) var<storage, read> stats: array<V>;
#end
#if RESIDUAL
@group(0) @binding(4 + RUNNING) var<storage, read> residual: array<V>;
#end
@group(0) @binding(4 + RUNNING + RESIDUAL) var<storage, read_write> y: array<V>;
struct Dims { size: u32, channels: u32, perGroup: u32, eps: f32 }
@group(0) @binding(5 + RUNNING + RESIDUAL) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
#if RUNNING
  var value = (x[i] - runningMean[c]) * (inverseSqrt(runningVariance[c] + dims.eps) * gamma[c]) + beta[c];
#else
#if GROUPED
  let at = (i / dims.perGroup) * 2u * dims.channels + c;
#else
  let at = c;
#end
  var value = (x[i] - stats[at]) * (stats[at + dims.channels] * gamma[c]) + beta[c];
#end
#if RESIDUAL
  value += residual[i];
#end
#if RELU
  value = max(value, V());
#end
  y[i] = value;
}
