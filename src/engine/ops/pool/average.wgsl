// y = mean of what each window holds of the image: PyTorch's count_include_pad = False.

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  let c = i % dims.channels;
  let pixel = i / dims.channels;
  let line = pixel / dims.outWidth;
  let image = (line / dims.outHeight) * dims.inHeight;
  let top = (line % dims.outHeight) * STRIDE;
  let left = (pixel % dims.outWidth) * STRIDE;
  let bottom = min(top + dims.kernelHeight, dims.inHeight);
  let right = min(left + dims.kernelWidth, dims.inWidth);
  var total = V();
  for (var iy = top; iy < bottom; iy++) {
    for (var ix = left; ix < right; ix++) {
      total += x(((image + iy) * dims.inWidth + ix) * dims.channels + c);
    }
  }
  setY(i, total / f32((bottom - top) * (right - left)));
}
