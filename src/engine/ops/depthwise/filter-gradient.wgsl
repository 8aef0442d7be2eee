// dw[ky, kx, c] = sum over one slice of the output pixels of x[pixel moved by the tap, c] * dy[pixel, c]; dw [slices, KERNEL, KERNEL, channels].

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let c = i % dims.channels;
  let tap = (i / dims.channels) % (KERNEL * KERNEL);
  let slice = i / (dims.channels * KERNEL * KERNEL);
  if (slice >= dims.slices) { return; }
  let moveY = i32(tap / KERNEL) - i32(PADDING);
  let moveX = i32(tap % KERNEL) - i32(PADDING);
  let start = slice * dims.perSlice;
  var ox = start % dims.outWidth;
  var oy = (start / dims.outWidth) % dims.outHeight;
  var image = start / (dims.outWidth * dims.outHeight);
  var total = V();
  for (var pixel = start; pixel < min(start + dims.perSlice, dims.pixels); pixel++) {
    let iy = i32(oy * STRIDE) + moveY;
    let ix = i32(ox * STRIDE) + moveX;
    if (iy >= 0 && ix >= 0 && iy < i32(dims.inHeight) && ix < i32(dims.inWidth)) {
      let at = (image * dims.inHeight + u32(iy)) * dims.inWidth + u32(ix);
      total += x(at * dims.channels + c) * dy(pixel * dims.channels + c);
    }
    ox++;
    if (ox == dims.outWidth) {
      ox = 0u;
      oy++;
      if (oy == dims.outHeight) {
        oy = 0u;
        image++;
      }
    }
  }
  setDw(i, total);
}
