// dz = (softmax(z) - t) * dy / batch; rows [batch, 4] holds log sum exp.
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
struct Dims { size: u32, classes: u32, perRow: f32 }
@group(0) @binding(5) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = thread(id, groups);
  if (i >= dims.size) { return; }
  dz[i] = (exp(logits[i] - rows[i / dims.classes].w) - targets[i]) * (dy[0] * dims.perRow);
}
