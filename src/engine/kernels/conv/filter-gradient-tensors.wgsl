// What both ways to the filter gradient bind and share: x [b, h, w, c], dy [b, oh, ow, o], dw [slices, KERNEL, KERNEL, c, o].
#if X_VEC
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
#end
#if O_VEC
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
#end
struct Dims { pixels: u32, inHeight: u32, inWidth: u32, outHeight: u32, outWidth: u32, inChannels: u32, outChannels: u32, c4: u32, o4: u32, groupsC: u32, groupsO: u32, slices: u32, perSlice: u32 }
@group(0) @binding(3) var<uniform> dims: Dims;

fn loadDy(pixel: u32, o: u32) -> vec4f {
#if O_VEC
  return dy[pixel * dims.o4 + o];
#else
  let at = pixel * dims.outChannels + o * 4u;
  return vec4f(dy[at], dy[at + 1u], dy[at + 2u], dy[at + 3u]);
#end
}

fn store(row: u32, o: u32, value: vec4f) {
#if O_VEC
  dw[row * dims.o4 + o] = value;
#else
  let at = row * dims.outChannels + o * 4u;
  let left = dims.outChannels - o * 4u;
  dw[at] = value.x;
  if (left > 1u) { dw[at + 1u] = value.y; }
  if (left > 2u) { dw[at + 2u] = value.z; }
  if (left > 3u) { dw[at + 3u] = value.w; }
#end
}
