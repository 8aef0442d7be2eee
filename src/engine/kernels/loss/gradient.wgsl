// dz = (softmax(z) - t) * dy / batch; rows [batch, 4] holds log sum exp.
// DISTILL: task * (softmax(z) - t) + distill * T * (softmax(z / T) - softmax(u / T)) in the place of the bracket; soft [batch]
// holds log sum exp of z / T and of the teacher's u / T.
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4f>;
#if DISTILL
@group(0) @binding(4) var<storage, read> teacher: array<f32>;
@group(0) @binding(5) var<storage, read> soft: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;
struct Dims { size: u32, classes: u32, perRow: f32, sharpness: f32, task: f32, distill: f32 }
@group(0) @binding(7) var<uniform> dims: Dims;
#else
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
struct Dims { size: u32, classes: u32, perRow: f32 }
@group(0) @binding(5) var<uniform> dims: Dims;
#end

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
#if DISTILL
  let task = exp(logits[i] - rows[i / dims.classes].w) - targets[i];
  let shares = exp(dims.sharpness * vec2f(logits[i], teacher[i]) - soft[i / dims.classes]);
  let slope = dims.task * task + dims.distill * (shares.x - shares.y) / dims.sharpness;
  dz[i] = slope * (dy[0] * dims.perRow);
#else
  dz[i] = (exp(logits[i] - rows[i / dims.classes].w) - targets[i]) * (dy[0] * dims.perRow);
#end
}
