// dx[b, iy, ix, c] = sum over ky, kx of dy[b, (iy + PADDING - ky) / STRIDE, (ix + PADDING - kx) / STRIDE, c] * w[ky, kx, c], divisions without rest.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let pixel = i / dims.channels;
  let line = pixel / dims.inWidth;
  let image = line / dims.inHeight;
  let iy = line % dims.inHeight + PADDING;
  let ix = pixel % dims.inWidth + PADDING;
  var total = V();
  for (var ky = iy % STRIDE; ky < KERNEL && ky <= iy; ky += STRIDE) {
    let oy = (iy - ky) / STRIDE;
    if (oy >= dims.outHeight) { continue; }
    for (var kx = ix % STRIDE; kx < KERNEL && kx <= ix; kx += STRIDE) {
      let ox = (ix - kx) / STRIDE;
      if (ox >= dims.outWidth) { continue; }
      let at = ((image * dims.outHeight + oy) * dims.outWidth + ox) * dims.channels + c;
      total += dy(at) * w((ky * KERNEL + kx) * dims.channels + c);
    }
  }
  setDx(i, total);
}
