// dx = sum of dy over the windows whose first largest value (in reading order, as PyTorch) is this pixel.
#if VEC
alias B = vec4<bool>;
#else
alias B = bool;
#end

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let pixel = i / dims.channels;
  let line = pixel / dims.inWidth;
  let image = line / dims.inHeight;
  let py = i32(line % dims.inHeight);
  let px = i32(pixel % dims.inWidth);
  let own = x(i);
  // Windows that hold the pixel: the first starts after py + PADDING - KERNEL.
  let stride = i32(STRIDE);
  let firstY = max(0, (py + i32(PADDING) - i32(KERNEL) + stride) / stride);
  let firstX = max(0, (px + i32(PADDING) - i32(KERNEL) + stride) / stride);
  var total = V();
  for (var oy = firstY; oy < i32(dims.outHeight) && oy * stride - i32(PADDING) <= py; oy++) {
    for (var ox = firstX; ox < i32(dims.outWidth) && ox * stride - i32(PADDING) <= px; ox++) {
      let top = oy * stride - i32(PADDING);
      let left = ox * stride - i32(PADDING);
      let at = ((image * dims.outHeight + u32(oy)) * dims.outWidth + u32(ox)) * dims.channels + c;
      let best = y(at);
      // Taken by an earlier pixel of the window with the same value?
      var taken = own != best;
      for (var iy = max(top, 0); iy <= py; iy++) {
        for (var ix = max(left, 0); ix < min(left + i32(KERNEL), i32(dims.inWidth)); ix++) {
          if (iy == py && ix >= px) { break; }
          taken = taken | (x(((image * dims.inHeight + u32(iy)) * dims.inWidth + u32(ix)) * dims.channels + c) == best);
        }
      }
      total += select(dy(at), V(), taken);
    }
  }
  setDx(i, total);
}
