// y[b, oy, ox, c] = bias[c] + sum over ky, kx of x[b, oy * STRIDE + ky - PADDING, ox * STRIDE + kx - PADDING, c] * w[ky, kx, c]

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let pixel = i / dims.channels;
  let line = pixel / dims.outWidth;
  let image = line / dims.outHeight;
  let top = i32((line % dims.outHeight) * STRIDE) - i32(PADDING);
  let left = i32((pixel % dims.outWidth) * STRIDE) - i32(PADDING);
#if HAS_BIAS
  var total = bias(c);
#else
  var total = V();
#end
  for (var ky = 0u; ky < KERNEL; ky++) {
    let iy = top + i32(ky);
    if (iy < 0 || iy >= i32(dims.inHeight)) { continue; }
    for (var kx = 0u; kx < KERNEL; kx++) {
      let ix = left + i32(kx);
      if (ix < 0 || ix >= i32(dims.inWidth)) { continue; }
      let at = ((image * dims.inHeight + u32(iy)) * dims.inWidth + u32(ix)) * dims.channels + c;
      total += x(at) * w((ky * KERNEL + kx) * dims.channels + c);
    }
  }
  setY(i, total);
}
