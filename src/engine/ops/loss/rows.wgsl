// Each row's cross-entropy -sum t * log softmax(z), whether its label is within the first 1 or 5, and log sum exp. rows [batch, 4].
// A label below 0 is padding: it counts for nothing. Before the label come all larger logits, equal ones of earlier classes, and
// those that are no number, as in torch.topk; a label whose own logit is no number is never right.
// DISTILL: the loss is a weighted sum of that and T^2 * KL(softmax(u / T) || softmax(z / T)), u a teacher's logits; soft [batch]
// holds log sum exp of z / T and of u / T.

// WGSL may take for granted that there is no NaN: its bits can't be argued away.
fn isNaN(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = thread(id, groups);
  if (row >= dims.batch) { return; }
  let start = row * dims.classes;
  let label = labels(row);
  let own = logits(start + u32(max(label, 0)));
  var most = logits(start);
  var above = 0u;
  for (var c = 0u; c < dims.classes; c++) {
    most = max(most, logits(start + c));
    let z = logits(start + c);
    above += select(0u, 1u, isNaN(z) || z > own || (z == own && i32(c) < label));
  }
  if (isNaN(own)) { above = 5u; }
  var sum = 0.0;
  for (var c = 0u; c < dims.classes; c++) { sum += exp(logits(start + c) - most); }
  let logSum = most + log(sum);
  var loss = 0.0;
  for (var c = 0u; c < dims.classes; c++) { loss -= targets(start + c) * (logits(start + c) - logSum); }
#if HAS_TEACHER
  var mostOfTeacher = teacher(start);
  for (var c = 0u; c < dims.classes; c++) { mostOfTeacher = max(mostOfTeacher, teacher(start + c)); }
  var sums = vec2f();
  for (var c = 0u; c < dims.classes; c++) {
    sums += exp(dims.sharpness * (vec2f(logits(start + c), teacher(start + c)) - vec2f(most, mostOfTeacher)));
  }
  let logSums = dims.sharpness * vec2f(most, mostOfTeacher) + log(sums);
  var divergence = 0.0;
  for (var c = 0u; c < dims.classes; c++) {
    let logs = dims.sharpness * vec2f(logits(start + c), teacher(start + c)) - logSums;
    divergence += exp(logs.y) * (logs.y - logs.x);
  }
  loss = dims.task * loss + dims.distill * divergence / (dims.sharpness * dims.sharpness);
  setSoft(row, logSums);
#end
  if (label < 0) {
    setRows(row, vec4f(0.0, 0.0, 0.0, logSum));
  } else {
    setRows(row, vec4f(loss, select(0.0, 1.0, above < 1u), select(0.0, 1.0, above < 5u), logSum));
  }
}
