// dx[b, iy, ix, c] = sum over ky, kx, o of dy[b, (iy + PADDING - ky) / STRIDE, (ix + PADDING - kx) / STRIDE, o] * w[ky, kx, c, o],
// over the taps whose division leaves no rest. Pixels with the same rest see the same taps: a thread owns P such pixels
// (neighbours in the grid of every STRIDE-th pixel) times T vec4 of input channels.

fn loadDy(pixel: u32, o: u32) -> vec4f {
#if O_VEC
  return dy(pixel * dims.o4 + o);
#else
  let at = pixel * dims.outChannels + o * 4u;
  let left = dims.outChannels - o * 4u;
  return vec4f(dy(at), select(0.0, dy(at + 1u), left > 1u), select(0.0, dy(at + 2u), left > 2u), select(0.0, dy(at + 3u), left > 3u));
#end
}

// Past the last output channel: anything, dy is 0 there.
fn loadW(row: u32, o: u32) -> vec4f {
#if O_VEC
  return w(row * dims.o4 + o);
#else
  let at = row * dims.outChannels + o * 4u;
  return vec4f(w(at), w(at + 1u), w(at + 2u), w(at + 3u));
#end
}

fn store(pixel: u32, c: u32, value: vec4f) {
#if X_VEC
  setDx(pixel * dims.c4 + c, value);
#else
  let at = pixel * dims.inChannels + c * 4u;
  let left = dims.inChannels - c * 4u;
  setDx(at, value.x);
  if (left > 1u) { setDx(at + 1u, value.y); }
  if (left > 2u) { setDx(at + 2u, value.z); }
  if (left > 3u) { setDx(at + 3u, value.w); }
#end
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let c = (i % dims.groups) * T;
  let block = i / dims.groups;
  if (block >= dims.blocks * STRIDE * STRIDE) { return; }
  let phase = block / dims.blocks;
  let phaseY = phase / STRIDE;
  let phaseX = phase % STRIDE;
  let firstKy = (phaseY + PADDING) % STRIDE;
  let firstKx = (phaseX + PADDING) % STRIDE;
  let first = (block % dims.blocks) * P;
#for p P
  let pixel{p} = min(first + {p}u, dims.pixels - 1u);
  let line{p} = pixel{p} / dims.phaseWidth;
  let image{p} = line{p} / dims.phaseHeight;
  let iy{p} = (line{p} % dims.phaseHeight) * STRIDE + phaseY;
  let ix{p} = (pixel{p} % dims.phaseWidth) * STRIDE + phaseX;
#for t T
  var a{p}_{t} = vec4f();
#end
#end
  for (var ky = firstKy; ky < KERNEL; ky += STRIDE) {
    for (var kx = firstKx; kx < KERNEL; kx += STRIDE) {
#for p P
      // Whole multiples of STRIDE, perhaps negative: the division must not be done on unsigned numbers.
      let oy{p} = (i32(iy{p} + PADDING) - i32(ky)) / i32(STRIDE);
      let ox{p} = (i32(ix{p} + PADDING) - i32(kx)) / i32(STRIDE);
      let in{p} = iy{p} + PADDING >= ky && ix{p} + PADDING >= kx && oy{p} < i32(dims.outHeight) && ox{p} < i32(dims.outWidth);
      let at{p} = select(0u, (image{p} * dims.outHeight + u32(oy{p})) * dims.outWidth + u32(ox{p}), in{p});
#end
      let tap = (ky * KERNEL + kx) * dims.inChannels + c * 4u;
      for (var o = 0u; o < dims.o4; o++) {
#for t T
        let w0_{t} = loadW(tap + {t}u * 4u, o);
        let w1_{t} = loadW(tap + {t}u * 4u + 1u, o);
        let w2_{t} = loadW(tap + {t}u * 4u + 2u, o);
        let w3_{t} = loadW(tap + {t}u * 4u + 3u, o);
#end
#for p P
        let d{p} = select(vec4f(), loadDy(at{p}, o), in{p});
#for t T
        a{p}_{t} += vec4f(dot(d{p}, w0_{t}), dot(d{p}, w1_{t}), dot(d{p}, w2_{t}), dot(d{p}, w3_{t}));
#end
#end
      }
    }
  }
#for p P
  if (first + {p}u < dims.pixels && iy{p} < dims.inHeight && ix{p} < dims.inWidth) {
#for t T
    store((image{p} * dims.inHeight + iy{p}) * dims.inWidth + ix{p}, c + {t}u, a{p}_{t});
#end
  }
#end
}
