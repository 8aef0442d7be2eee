// dx = sum over the windows that hold the pixel of dy / (pixels that the window holds).

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let pixel = i / dims.channels;
  let line = pixel / dims.inWidth;
  let image = line / dims.inHeight;
  let py = line % dims.inHeight;
  let px = pixel % dims.inWidth;
  let firstY = select(0u, (py + STRIDE - dims.kernelHeight) / STRIDE, py + STRIDE >= dims.kernelHeight);
  let firstX = select(0u, (px + STRIDE - dims.kernelWidth) / STRIDE, px + STRIDE >= dims.kernelWidth);
  var total = V();
  for (var oy = firstY; oy < dims.outHeight && oy * STRIDE <= py; oy++) {
    for (var ox = firstX; ox < dims.outWidth && ox * STRIDE <= px; ox++) {
      let held = (min((oy * STRIDE) + dims.kernelHeight, dims.inHeight) - oy * STRIDE) * (min((ox * STRIDE) + dims.kernelWidth, dims.inWidth) - ox * STRIDE);
      total += dy(((image * dims.outHeight + oy) * dims.outWidth + ox) * dims.channels + c) / f32(held);
    }
  }
  setDx(i, total);
}
