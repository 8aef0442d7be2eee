// dw[ky, kx, c, o] = sum over all output pixels of x[pixel moved by the tap, c] * dy[pixel, o].
// A thread owns one tap, S vec4 of input channels times T vec4 of output channels, and one slice of the pixels (split-K); the
// slices are added up in their order by sum/slices.wgsl. Output: [slices, KERNEL, KERNEL, c, o].

// Past the last channel: anything, never stored.
fn loadX(pixel: u32, c: u32) -> vec4f {
#if X_VEC
  return x(pixel * dims.c4 + c);
#else
  let at = pixel * dims.inChannels + c * 4u;
  return vec4f(x(at), x(at + 1u), x(at + 2u), x(at + 3u));
#end
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  let o = (i % dims.groupsO) * T;
  let rest = i / dims.groupsO;
  let c = (rest % dims.groupsC) * S;
  let tapAndSlice = rest / dims.groupsC;
  let tap = tapAndSlice % (KERNEL * KERNEL);
  let slice = tapAndSlice / (KERNEL * KERNEL);
  if (slice >= dims.slices) { return; }
#for s S
#for t T
  var a{s}0_{t} = vec4f();
  var a{s}1_{t} = vec4f();
  var a{s}2_{t} = vec4f();
  var a{s}3_{t} = vec4f();
#end
#end
  let end = min((slice + 1u) * dims.perSlice, dims.pixels);
#if FLAT
  for (var pixel = slice * dims.perSlice; pixel < end; pixel++) {
    let at = pixel;
#else
  let moveY = i32(tap / KERNEL) - i32(PADDING);
  let moveX = i32(tap % KERNEL) - i32(PADDING);
  var ox = (slice * dims.perSlice) % dims.outWidth;
  var line = (slice * dims.perSlice) / dims.outWidth;
  var oy = line % dims.outHeight;
  var image = line / dims.outHeight;
  for (var pixel = slice * dims.perSlice; pixel < end; pixel++) {
    let iy = i32(oy * STRIDE) + moveY;
    let ix = i32(ox * STRIDE) + moveX;
    let at = (image * dims.inHeight + u32(iy)) * dims.inWidth + u32(ix);
    let inside = iy >= 0 && ix >= 0 && iy < i32(dims.inHeight) && ix < i32(dims.inWidth);
    ox++;
    if (ox == dims.outWidth) {
      ox = 0u;
      oy++;
      if (oy == dims.outHeight) {
        oy = 0u;
        image++;
      }
    }
    if (!inside) { continue; }
#end
#for t T
    let d{t} = loadDy(pixel, o + {t}u);
#end
#for s S
    let x{s} = loadX(at, c + {s}u);
#for t T
    a{s}0_{t} += x{s}.x * d{t};
    a{s}1_{t} += x{s}.y * d{t};
    a{s}2_{t} += x{s}.z * d{t};
    a{s}3_{t} += x{s}.w * d{t};
#end
#end
  }
  let row = (slice * KERNEL * KERNEL + tap) * dims.inChannels;
#for s S
  let c{s} = (c + {s}u) * 4u;
#for t T
  store(row + c{s}, o + {t}u, a{s}0_{t});
  if (c{s} + 1u < dims.inChannels) { store(row + c{s} + 1u, o + {t}u, a{s}1_{t}); }
  if (c{s} + 2u < dims.inChannels) { store(row + c{s} + 2u, o + {t}u, a{s}2_{t}); }
  if (c{s} + 3u < dims.inChannels) { store(row + c{s} + 3u, o + {t}u, a{s}3_{t}); }
#end
#end
}
