// y = f(x), or where dy is given its gradient y = dy * f'(x).
// FUNCTION: 0 GELU, 1 swish, 2 ReLU, 3 sigmoid, 4 hard sigmoid, 5 hard swish.

#if FUNCTION == 0
// Share of the normal distribution below x: 1/2 erfc(-x / sqrt 2), by Abramowitz and Stegun 7.1.26 (error below 1.5e-7).
fn below(x: V) -> V {
  let z = abs(x) * 0.7071067811865476;
  let t = V(1.0) / (V(1.0) + 0.3275911 * z);
  let tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-z * z);
  return select(V(1.0) - 0.5 * tail, 0.5 * tail, x < V());
}
#end

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let v = x(i);
#if FUNCTION == 0
#if HAS_DY
  setY(i, dy(i) * (below(v) + v * exp(-0.5 * v * v) * 0.3989422804014327));
#else
  setY(i, v * below(v));
#end
#end
#if FUNCTION == 1
  // For large negative x, exp(-x) overflows to infinity and the quotient is 0, as it should.
  let s = V(1.0) / (V(1.0) + exp(-v));
#if HAS_DY
  setY(i, dy(i) * (s * (V(1.0) + v * (V(1.0) - s))));
#else
  setY(i, v * s);
#end
#end
#if FUNCTION == 2
#if HAS_DY
  setY(i, select(V(), dy(i), v > V()));
#else
  setY(i, max(v, V()));
#end
#end
#if FUNCTION == 3
  let s = V(1.0) / (V(1.0) + exp(-v));
#if HAS_DY
  setY(i, dy(i) * (s * (V(1.0) - s)));
#else
  setY(i, s);
#end
#end
#if FUNCTION == 4
#if HAS_DY
  setY(i, select(V(), dy(i) / 6.0, abs(v) < V(3.0)));
#else
  setY(i, clamp(v + 3.0, V(), V(6.0)) / 6.0);
#end
#end
#if FUNCTION == 5
#if HAS_DY
  setY(i, dy(i) * select(select(V(), V(1.0), v >= V(3.0)), (2.0 * v + 3.0) / 6.0, abs(v) < V(3.0)));
#else
  setY(i, v * clamp(v + 3.0, V(), V(6.0)) / 6.0);
#end
#end
}
