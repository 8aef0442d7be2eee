// y = largest of each window; what lies outside the image does not count.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let pixel = i / dims.channels;
  let line = pixel / dims.outWidth;
  let image = (line / dims.outHeight) * dims.inHeight;
  let top = i32((line % dims.outHeight) * STRIDE) - i32(PADDING);
  let left = i32((pixel % dims.outWidth) * STRIDE) - i32(PADDING);
  var best = V(-3.4028234e38);
  for (var iy = max(top, 0); iy < min(top + i32(KERNEL), i32(dims.inHeight)); iy++) {
    for (var ix = max(left, 0); ix < min(left + i32(KERNEL), i32(dims.inWidth)); ix++) {
      best = max(best, x(((image + u32(iy)) * dims.inWidth + u32(ix)) * dims.channels + c));
    }
  }
  setY(i, best);
}
