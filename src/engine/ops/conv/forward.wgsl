// y[b, oy, ox, o] = bias[o] + sum over ky, kx, c of x[b, oy * STRIDE + ky - PADDING, ox * STRIDE + kx - PADDING, c] * w[ky, kx, c, o]
// A thread owns P pixels, next to each other in the flat order of all output pixels, times T vec4 of output channels, in registers.

// Four channels of an input pixel; zeros past the last one.
fn loadX(pixel: u32, c: u32) -> vec4f {
#if X_VEC
  return x(pixel * dims.c4 + c);
#else
  let at = pixel * dims.inChannels + c * 4u;
  let left = dims.inChannels - c * 4u;
  return vec4f(x(at), select(0.0, x(at + 1u), left > 1u), select(0.0, x(at + 2u), left > 2u), select(0.0, x(at + 3u), left > 3u));
#end
}

// Four output channels of a filter row. Past the last channel: anything, never stored.
fn loadW(row: u32, o: u32) -> vec4f {
#if O_VEC
  return w(row * dims.o4 + o);
#else
  let at = row * dims.outChannels + o * 4u;
  return vec4f(w(at), w(at + 1u), w(at + 2u), w(at + 3u));
#end
}

fn store(pixel: u32, o: u32, value: vec4f) {
#if O_VEC
  setY(pixel * dims.o4 + o, value);
#else
  let at = pixel * dims.outChannels + o * 4u;
  let left = dims.outChannels - o * 4u;
  setY(at, value.x);
  if (left > 1u) { setY(at + 1u, value.y); }
  if (left > 2u) { setY(at + 2u, value.z); }
  if (left > 3u) { setY(at + 3u, value.w); }
#end
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let o = (i % dims.groups) * T;
  let first = (i / dims.groups) * P;
  if (first >= dims.pixels) { return; }
#for p P
  let pixel{p} = min(first + {p}u, dims.pixels - 1u);
  let line{p} = pixel{p} / dims.outWidth;
  let image{p} = (line{p} / dims.outHeight) * dims.inHeight;
  let top{p} = i32((line{p} % dims.outHeight) * STRIDE) - i32(PADDING);
  let left{p} = i32((pixel{p} % dims.outWidth) * STRIDE) - i32(PADDING);
#for t T
#if HAS_BIAS
  let b{p}_{t} = (o + {t}u) * 4u;
  var a{p}_{t} = vec4f(bias(b{p}_{t}), bias(b{p}_{t} + 1u), bias(b{p}_{t} + 2u), bias(b{p}_{t} + 3u));
#else
  var a{p}_{t} = vec4f();
#end
#end
#end
  for (var ky = 0u; ky < KERNEL; ky++) {
    for (var kx = 0u; kx < KERNEL; kx++) {
#for p P
      let iy{p} = top{p} + i32(ky);
      let ix{p} = left{p} + i32(kx);
#if PADDING
      let in{p} = iy{p} >= 0 && ix{p} >= 0 && iy{p} < i32(dims.inHeight) && ix{p} < i32(dims.inWidth);
      let at{p} = select(0u, (image{p} + u32(iy{p})) * dims.inWidth + u32(ix{p}), in{p});
#else
      let at{p} = (image{p} + u32(iy{p})) * dims.inWidth + u32(ix{p});
#end
#end
      let tap = (ky * KERNEL + kx) * dims.inChannels;
      for (var c = 0u; c < dims.c4; c++) {
        let row = tap + c * 4u;
#for t T
        let w0_{t} = loadW(row, o + {t}u);
        let w1_{t} = loadW(row + 1u, o + {t}u);
        let w2_{t} = loadW(row + 2u, o + {t}u);
        let w3_{t} = loadW(row + 3u, o + {t}u);
#end
#for p P
#if PADDING
        let x{p} = select(vec4f(), loadX(at{p}, c), in{p});
#else
        let x{p} = loadX(at{p}, c);
#end
#for t T
        a{p}_{t} += x{p}.x * w0_{t} + x{p}.y * w1_{t} + x{p}.z * w2_{t} + x{p}.w * w3_{t};
#end
#end
      }
    }
  }
#for p P
  if (first + {p}u < dims.pixels) {
#for t T
    store(pixel{p}, o + {t}u, a{p}_{t});
#end
  }
#end
}
