// timm's Lars: r = eta |w| / (|g| + wd |w| + eps), 1 where a norm is 0; LARC: min(r / lr, 1). One workgroup for each parameter.
@group(0) @binding(0) var<storage, read> partial: array<vec2f>;
// First block and number of blocks of each parameter.
@group(0) @binding(1) var<storage, read> places: array<vec2u>;
#if LARC
@group(0) @binding(2) var<storage, read> lr: array<f32>;
#end
#if CLIP
@group(0) @binding(2 + LARC) var<storage, read> clip: array<f32>;
#end
@group(0) @binding(2 + LARC + CLIP) var<storage, read_write> ratios: array<f32>;
struct Dims { parameters: u32, eta: f32, weightDecay: f32, eps: f32 }
@group(0) @binding(3 + LARC + CLIP) var<uniform> dims: Dims;

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
  for (var k = local; k < places[p].y; k += WG) { own += partial[places[p].x + k]; }
  sums[local] = own;
  workgroupBarrier();
  if (local > 0u) { return; }
  var total = vec2f();
  for (var k = 0u; k < WG; k++) { total += sums[k]; }
  let weight = sqrt(total.x);
#if CLIP
  let gradient = sqrt(total.y) * clip[0];
#else
  let gradient = sqrt(total.y);
#end
  var ratio = 1.0;
  if (weight > 0.0 && gradient > 0.0) {
    ratio = dims.eta * weight / (gradient + dims.weightDecay * weight + dims.eps);
  }
#if LARC
  // The rate may be 0, in a warmup.
  if (ratio < lr[0]) { ratio /= lr[0]; } else { ratio = 1.0; }
#end
  ratios[p] = ratio;
}
