// What both ways to the filter gradient bind and share: x [b, h, w, c], dy [b, oh, ow, o], dw [slices, KERNEL, KERNEL, c, o].

fn loadDy(pixel: u32, o: u32) -> vec4f {
#if O_VEC
  return dy(pixel * dims.o4 + o);
#else
  let at = pixel * dims.outChannels + o * 4u;
  return vec4f(dy(at), dy(at + 1u), dy(at + 2u), dy(at + 3u));
#end
}

fn store(row: u32, o: u32, value: vec4f) {
#if O_VEC
  setDw(row * dims.o4 + o, value);
#else
  let at = row * dims.outChannels + o * 4u;
  let left = dims.outChannels - o * 4u;
  setDw(at, value.x);
  if (left > 1u) { setDw(at + 1u, value.y); }
  if (left > 2u) { setDw(at + 2u, value.z); }
  if (left > 3u) { setDw(at + 3u, value.w); }
#end
}
