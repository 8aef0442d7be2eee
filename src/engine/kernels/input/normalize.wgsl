// From bytes to the network's input, with mixup and cutmix on the way: uint8 RGB -> (pixel / 255 - mean) / std.
// mix: lambda, then the box [x0, x1) x [y0, y1). Inside the box pixels are the partner's, outside lambda of the image and 1 - lambda of
// the partner; the partner of image i is image count - 1 - i. lambda 1 and an empty box: no mixing.

fn value(at: u32) -> f32 {
  return f32((bytes(at / 4u) >> (8u * (at % 4u))) & 255u);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let channel = i % 3u;
  let perImage = dims.side * dims.side * 3u;
  let image = i / perImage;
  let within = i % perImage;
  let scale = select(select(dims.scale2, dims.scale1, channel == 1u), dims.scale0, channel == 0u);
  let offset = select(select(dims.offset2, dims.offset1, channel == 1u), dims.offset0, channel == 0u);
  let own = value(i) * scale + offset;
  let other = value((dims.count - 1u - image) * perImage + within) * scale + offset;
  let px = f32((within / 3u) % dims.side);
  let py = f32(within / (3u * dims.side));
  let inside = px >= mix(1) && px < mix(3) && py >= mix(2) && py < mix(4);
  setY(i, select(own * mix(0) + other * (1.0 - mix(0)), other, inside));
}
