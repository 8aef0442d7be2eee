// y = (x - mean) * (inverse deviation) * gamma + beta, plus a residual, through a ReLU, as asked.
// Training reads stats [groups, 2, channels]; evaluation (RUNNING) takes running mean and variance.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
#if HAS_RUNNING_MEAN
  var value = (x(i) - runningMean(c)) * (inverseSqrt(runningVariance(c) + dims.eps) * gamma(c)) + beta(c);
#else
#if GROUPED
  let at = (i / dims.perGroup) * 2u * dims.channels + c;
#else
  let at = c;
#end
  var value = (x(i) - stats(at)) * (stats(at + dims.channels) * gamma(c)) + beta(c);
#end
#if HAS_RESIDUAL
  value += residual(i);
#end
#if RELU
  value = max(value, V());
#end
  setY(i, value);
}
