// The same sums as filter-gradient.wgsl, in the same order, at stride 1: a thread owns a whole row of taps. Their inputs are the same
// pixels one step apart, so each is loaded once and handed on from tap to tap. What lies outside the image adds zeros.

// Past the last channel: anything, never stored.
fn loadX(row: u32, column: i32, c: u32) -> vec4f {
  if (column < 0 || column >= i32(dims.inWidth)) { return vec4f(); }
  let pixel = row * dims.inWidth + u32(column);
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
  let ky = (rest / dims.groupsC) % KERNEL;
  let slice = rest / dims.groupsC / KERNEL;
  if (slice >= dims.slices) { return; }
#for k KERNEL
#for s S
  var x{k}_{s} = vec4f();
#for t T
  var a{k}_{s}0_{t} = vec4f();
  var a{k}_{s}1_{t} = vec4f();
  var a{k}_{s}2_{t} = vec4f();
  var a{k}_{s}3_{t} = vec4f();
#end
#end
#end
  let end = min((slice + 1u) * dims.perSlice, dims.pixels);
  var pixel = slice * dims.perSlice;
  while (pixel < end) {
    // The pixels of one line, as far as they are the slice's.
    let line = pixel / dims.outWidth;
    let stop = min((line + 1u) * dims.outWidth, end);
    let iy = i32(line % dims.outHeight + ky) - i32(PADDING);
    if (iy < 0 || iy >= i32(dims.inHeight)) {
      pixel = stop;
      continue;
    }
    let row = (line / dims.outHeight) * dims.inHeight + u32(iy);
    var column = i32(pixel % dims.outWidth) - i32(PADDING);
#for k LAST
#for s S
    x{k}_{s} = loadX(row, column + {k}, c + {s}u);
#end
#end
    for (; pixel < stop; pixel++) {
#for s S
      x{LAST}_{s} = loadX(row, column + {LAST}, c + {s}u);
#end
#for t T
      let d{t} = loadDy(pixel, o + {t}u);
#end
#for k KERNEL
#for s S
#for t T
      a{k}_{s}0_{t} += x{k}_{s}.x * d{t};
      a{k}_{s}1_{t} += x{k}_{s}.y * d{t};
      a{k}_{s}2_{t} += x{k}_{s}.z * d{t};
      a{k}_{s}3_{t} += x{k}_{s}.w * d{t};
#end
#end
#end
#for k LAST
#for s S
      x{k}_{s} = x{k+1}_{s};
#end
#end
      column++;
    }
  }
#for k KERNEL
  let row{k} = ((slice * KERNEL + ky) * KERNEL + {k}u) * dims.inChannels;
#for s S
  let c{k}_{s} = (c + {s}u) * 4u;
#for t T
  store(row{k} + c{k}_{s}, o + {t}u, a{k}_{s}0_{t});
  if (c{k}_{s} + 1u < dims.inChannels) { store(row{k} + c{k}_{s} + 1u, o + {t}u, a{k}_{s}1_{t}); }
  if (c{k}_{s} + 2u < dims.inChannels) { store(row{k} + c{k}_{s} + 2u, o + {t}u, a{k}_{s}2_{t}); }
  if (c{k}_{s} + 3u < dims.inChannels) { store(row{k} + c{k}_{s} + 3u, o + {t}u, a{k}_{s}3_{t}); }
#end
#end
#end
}
