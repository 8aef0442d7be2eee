// The same small work with or without barriers: what they cost on this device.
var<workgroup> values: array<f32, 64>;

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) local: u32, @builtin(global_invocation_id) id: vec3u) {
  values[local] = f32(local);
  var total = 0.0;
  for (var k = 0u; k < 32u; k++) {
#if BARRIERS
    workgroupBarrier();
#end
    total += values[(local + k) % 64u];
  }
  setY(id.x, total);
}
