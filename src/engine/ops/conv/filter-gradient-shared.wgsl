// The same sums as filter-gradient.wgsl, in the same order, over tiles in workgroup memory: of one tap 64 input x 64 output channels,
// 16 pixels at a time. A thread owns 2 vec4 x 2 vec4. For GPUs; only where all channels are multiples of 4.

var<workgroup> xs: array<vec4f, 256>; // [16 pixels][16 vec4 of input channels]
var<workgroup> ds: array<vec4f, 256>; // [16 pixels][16 vec4 of output channels]

@compute @workgroup_size(WG)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let block = group.x + group.y * groups.x;
  let firstO = (block % dims.groupsO) * 16u;
  let rest = block / dims.groupsO;
  let firstC = (rest % dims.groupsC) * 16u;
  let tapAndSlice = rest / dims.groupsC;
  let tap = tapAndSlice % (KERNEL * KERNEL);
  let slice = tapAndSlice / (KERNEL * KERNEL);
  if (slice >= dims.slices) { return; }
  let moveY = i32(tap / KERNEL) - i32(PADDING);
  let moveX = i32(tap % KERNEL) - i32(PADDING);
  let end = min((slice + 1u) * dims.perSlice, dims.pixels);
  let ownC = (local / 8u) * 2u;
  let ownO = (local % 8u) * 2u;
  // The vec4 of channels that this thread brings, of every fourth pixel.
  let c = min(firstC + local % 16u, dims.c4 - 1u);
  let o = min(firstO + local % 16u, dims.o4 - 1u);
#for s 2
#for t 2
  var a{s}0_{t} = vec4f();
  var a{s}1_{t} = vec4f();
  var a{s}2_{t} = vec4f();
  var a{s}3_{t} = vec4f();
#end
#end
  for (var first = slice * dims.perSlice; first < end; first += 16u) {
#for q 4
    {
      let place = local / 16u + {q}u * 4u;
      let pixel = min(first + place, end - 1u);
      let line = pixel / dims.outWidth;
      let iy = i32((line % dims.outHeight) * STRIDE) + moveY;
      let ix = i32((pixel % dims.outWidth) * STRIDE) + moveX;
      let inside = iy >= 0 && ix >= 0 && iy < i32(dims.inHeight) && ix < i32(dims.inWidth);
      let at = select(0u, ((line / dims.outHeight) * dims.inHeight + u32(iy)) * dims.inWidth + u32(ix), inside);
      xs[place * 16u + local % 16u] = select(vec4f(), x(at * dims.c4 + c), inside);
      ds[place * 16u + local % 16u] = dy(pixel * dims.o4 + o);
    }
#end
    workgroupBarrier();
    let steps = min(16u, end - first);
    for (var k = 0u; k < steps; k++) {
#for t 2
      let d{t} = ds[k * 16u + ownO + {t}u];
#end
#for s 2
      let x{s} = xs[k * 16u + ownC + {s}u];
#for t 2
      a{s}0_{t} += x{s}.x * d{t};
      a{s}1_{t} += x{s}.y * d{t};
      a{s}2_{t} += x{s}.z * d{t};
      a{s}3_{t} += x{s}.w * d{t};
#end
#end
    }
    workgroupBarrier();
  }
  let row = (slice * KERNEL * KERNEL + tap) * dims.inChannels + (firstC + ownC) * 4u;
#for s 2
  if (firstC + ownC + {s}u < dims.c4) {
#for t 2
    if (firstO + ownO + {t}u < dims.o4) {
      store(row + {s}u * 4u, firstO + ownO + {t}u, a{s}0_{t});
      store(row + {s}u * 4u + 1u, firstO + ownO + {t}u, a{s}1_{t});
      store(row + {s}u * 4u + 2u, firstO + ownO + {t}u, a{s}2_{t});
      store(row + {s}u * 4u + 3u, firstO + ownO + {t}u, a{s}3_{t});
    }
#end
  }
#end
}
