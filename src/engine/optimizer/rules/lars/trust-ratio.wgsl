// timm's Lars: r = eta |w| / (|g| + wd |w| + eps), 1 where a norm is 0; LARC: min(r / lr, 1). One workgroup for each parameter.
// First block and number of blocks of each parameter.

var<workgroup> sums: array<vec2f, WG>;

@compute @workgroup_size(WG)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let p = group.x + group.y * groups.x;
  if (p >= dims.parameters) { return; }
  var own = vec2f();
  for (var k = local; k < places(p).y; k += WG) { own += partial(places(p).x + k); }
  sums[local] = own;
  workgroupBarrier();
  if (local > 0u) { return; }
  var total = vec2f();
  for (var k = 0u; k < WG; k++) { total += sums[k]; }
  let weight = sqrt(total.x);
#if HAS_CLIP
  let gradient = sqrt(total.y) * clip(0);
#else
  let gradient = sqrt(total.y);
#end
  var ratio = 1.0;
  if (rates(1) > 0.0 && weight > 0.0 && gradient > 0.0) {
    ratio = dims.eta * weight / (gradient + rates(1) * weight + dims.eps);
  }
#if LARC
  // The rate may be 0, in a warmup.
  if (ratio < rates(0)) { ratio /= rates(0); } else { ratio = 1.0; }
#end
  setRatios(p, ratio);
}
