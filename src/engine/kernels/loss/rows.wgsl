// Each row's cross-entropy -sum t * log softmax(z), whether its label is within the first 1 or 5, and log sum exp. rows [batch, 4].
// A label below 0 is padding: it counts for nothing. Ties count for the network.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> rows: array<vec4f>;
struct Dims { batch: u32, classes: u32 }
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.batch) { return; }
  let start = row * dims.classes;
  let label = labels[row];
  let own = logits[start + u32(max(label, 0))];
  var most = logits[start];
  var above = 0u;
  for (var c = 0u; c < dims.classes; c++) {
    most = max(most, logits[start + c]);
    above += select(0u, 1u, logits[start + c] > own);
  }
  var sum = 0.0;
  for (var c = 0u; c < dims.classes; c++) { sum += exp(logits[start + c] - most); }
  let logSum = most + log(sum);
  var loss = 0.0;
  for (var c = 0u; c < dims.classes; c++) { loss -= targets[start + c] * (logits[start + c] - logSum); }
  if (label < 0) {
    rows[row] = vec4f(0.0, 0.0, 0.0, logSum);
  } else {
    rows[row] = vec4f(loss, select(0.0, 1.0, above < 1u), select(0.0, 1.0, above < 5u), logSum);
  }
}
