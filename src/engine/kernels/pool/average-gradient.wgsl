// dx = sum over the windows that hold the pixel of dy / (pixels that the window holds).
#if VEC
alias V = vec4f;
#else
alias V = f32;
#end
@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read_write> dx: array<V>;
struct Dims { size: u32, inHeight: u32, inWidth: u32, outHeight: u32, outWidth: u32, channels: u32, kernelHeight: u32, kernelWidth: u32 }
@group(0) @binding(2) var<uniform> dims: Dims;

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
      total += dy[((image * dims.outHeight + oy) * dims.outWidth + ox) * dims.channels + c] / f32(held);
    }
  }
  dx[i] = total;
}
