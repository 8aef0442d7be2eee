// The same sums as forward.wgsl, in the same order, over tiles in workgroup memory: 64 pixels x 64 output channels, 16 input channels at
// a time. A thread owns 8 pixels x 2 vec4. For GPUs, whose workgroup memory is fast; only where all channels are multiples of 4.

var<workgroup> xs: array<vec4f, 256>; // [4 vec4 of channels][64 pixels]
var<workgroup> ws: array<vec4f, 256>; // [16 channels][16 vec4 of output channels]

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let block = group.x + group.y * groups.x;
  let firstO = (block % dims.groups) * 16u;
  let firstPixel = (block / dims.groups) * 64u;
  if (firstPixel >= dims.pixels) { return; }
  let o = firstO + (local % 8u) * 2u;
  let ownPixel = (local / 8u) * 8u;
  // The pixel whose inputs this thread brings: one pixel, all four vec4.
  let pixel = min(firstPixel + local, dims.pixels - 1u);
  let line = pixel / dims.outWidth;
  let image = (line / dims.outHeight) * dims.inHeight;
  let top = i32((line % dims.outHeight) * STRIDE) - i32(PADDING);
  let left = i32((pixel % dims.outWidth) * STRIDE) - i32(PADDING);
#for t 2
#for p 8
#if HAS_BIAS
  var a{p}_{t} = bias(min(o + {t}u, dims.o4 - 1u));
#else
  var a{p}_{t} = vec4f();
#end
#end
#end
  for (var ky = 0u; ky < KERNEL; ky++) {
    for (var kx = 0u; kx < KERNEL; kx++) {
      let iy = top + i32(ky);
      let ix = left + i32(kx);
      let inside = iy >= 0 && ix >= 0 && iy < i32(dims.inHeight) && ix < i32(dims.inWidth);
      let at = select(0u, ((image + u32(iy)) * dims.inWidth + u32(ix)) * dims.c4, inside);
      let tap = (ky * KERNEL + kx) * dims.inChannels;
      for (var c = 0u; c < dims.c4; c += 4u) {
#for q 4
        xs[{q}u * 64u + local] = select(vec4f(), x(at + min(c + {q}u, dims.c4 - 1u)), inside && c + {q}u < dims.c4);
#end
#for q 4
        {
          let row = local / 16u + {q}u * 4u;
          let column = firstO + local % 16u;
          let here = c * 4u + row < dims.inChannels && column < dims.o4;
          ws[row * 16u + local % 16u] = select(vec4f(), w(select(0u, (tap + c * 4u + row) * dims.o4 + column, here)), here);
        }
#end
        workgroupBarrier();
        let steps = min(4u, dims.c4 - c);
        for (var k = 0u; k < steps; k++) {
          let wAt = k * 64u + (local % 8u) * 2u;
#for t 2
          let w0_{t} = ws[wAt + {t}u];
          let w1_{t} = ws[wAt + 16u + {t}u];
          let w2_{t} = ws[wAt + 32u + {t}u];
          let w3_{t} = ws[wAt + 48u + {t}u];
#end
#for p 8
          let x{p} = xs[k * 64u + ownPixel + {p}u];
#for t 2
          a{p}_{t} += x{p}.x * w0_{t} + x{p}.y * w1_{t} + x{p}.z * w2_{t} + x{p}.w * w3_{t};
#end
#end
        }
        workgroupBarrier();
      }
    }
  }
#for p 8
  if (firstPixel + ownPixel + {p}u < dims.pixels) {
#for t 2
    if (o + {t}u < dims.o4) { setY((firstPixel + ownPixel + {p}u) * dims.o4 + o + {t}u, a{p}_{t}); }
#end
  }
#end
}
