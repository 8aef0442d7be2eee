// The same sums as input-gradient.wgsl, in the same order, over tiles in workgroup memory: 64 pixels of one phase x 64 input channels,
// 16 output channels at a time. A thread owns 8 pixels x 2 vec4. For GPUs; only where all channels are multiples of 4.

var<workgroup> ds: array<vec4f, 256>; // [4 vec4 of output channels][64 pixels]
var<workgroup> ws: array<vec4f, 256>; // [4 vec4 of output channels][64 input channels]

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let block = group.x + group.y * groups.x;
  let firstC = (block % dims.groups) * 64u;
  let phaseAndTile = block / dims.groups;
  if (phaseAndTile >= dims.blocks * STRIDE * STRIDE) { return; }
  let phase = phaseAndTile / dims.blocks;
  let phaseY = phase / STRIDE;
  let phaseX = phase % STRIDE;
  let firstKy = (phaseY + PADDING) % STRIDE;
  let firstKx = (phaseX + PADDING) % STRIDE;
  let firstPixel = (phaseAndTile % dims.blocks) * 64u;
  let ownPixel = (local / 8u) * 8u;
  let ownC = (local % 8u) * 8u;
  // The pixel whose gradients this thread brings, and the row of the filter.
  let pixel = min(firstPixel + local, dims.pixels - 1u);
  let line = pixel / dims.phaseWidth;
  let image = line / dims.phaseHeight;
  let iy = (line % dims.phaseHeight) * STRIDE + phaseY + PADDING;
  let ix = (pixel % dims.phaseWidth) * STRIDE + phaseX + PADDING;
  let c = min(firstC + local, dims.inChannels - 1u);
#for p 8
#for t 2
  var a{p}_{t} = vec4f();
#end
#end
  for (var ky = firstKy; ky < KERNEL; ky += STRIDE) {
    for (var kx = firstKx; kx < KERNEL; kx += STRIDE) {
      let oy = (i32(iy) - i32(ky)) / i32(STRIDE);
      let ox = (i32(ix) - i32(kx)) / i32(STRIDE);
      let inside = iy >= ky && ix >= kx && oy < i32(dims.outHeight) && ox < i32(dims.outWidth);
      let at = select(0u, ((image * dims.outHeight + u32(oy)) * dims.outWidth + u32(ox)) * dims.o4, inside);
      let row = ((ky * KERNEL + kx) * dims.inChannels + c) * dims.o4;
      for (var o = 0u; o < dims.o4; o += 4u) {
#for q 4
        {
          let last = min(o + {q}u, dims.o4 - 1u);
          ds[{q}u * 64u + local] = select(vec4f(), dy(at + last), inside);
          ws[{q}u * 64u + local] = w(row + last);
        }
#end
        workgroupBarrier();
        let steps = min(4u, dims.o4 - o);
        for (var k = 0u; k < steps; k++) {
          let wAt = k * 64u + ownC;
#for t 2
          let w0_{t} = ws[wAt + {t}u * 4u];
          let w1_{t} = ws[wAt + {t}u * 4u + 1u];
          let w2_{t} = ws[wAt + {t}u * 4u + 2u];
          let w3_{t} = ws[wAt + {t}u * 4u + 3u];
#end
#for p 8
          let d{p} = ds[k * 64u + ownPixel + {p}u];
#for t 2
          a{p}_{t} += vec4f(dot(d{p}, w0_{t}), dot(d{p}, w1_{t}), dot(d{p}, w2_{t}), dot(d{p}, w3_{t}));
#end
#end
        }
        workgroupBarrier();
      }
    }
  }
#for p 8
  {
    let own = firstPixel + ownPixel + {p}u;
    let ownLine = own / dims.phaseWidth;
    let y = (ownLine % dims.phaseHeight) * STRIDE + phaseY;
    let x = (own % dims.phaseWidth) * STRIDE + phaseX;
    if (own < dims.pixels && y < dims.inHeight && x < dims.inWidth) {
      let to = (((ownLine / dims.phaseHeight) * dims.inHeight + y) * dims.inWidth + x) * dims.c4 + (firstC + ownC) / 4u;
#for t 2
      if (firstC + ownC + {t}u * 4u < dims.inChannels) { setDx(to + {t}u, a{p}_{t}); }
#end
    }
  }
#end
}
