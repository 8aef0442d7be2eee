/** What a teacher says about a batch, before the student is asked. */
import * as tf from '@tensorflow/tfjs-core';
import type { Distillation } from './ops';
import type { Teacher } from './trainer';

/**
 * The teacher's logits for the images that the student will see, x [batch, size, size, 3]. Call before the tape is on, within
 * tf.tidy, which owns the logits: nothing of the teacher's forward pass outlives it, and no gradient is asked for.
 */
export function taught(teacher: Teacher | undefined, x: tf.Tensor4D): Distillation | undefined {
  return teacher && { ...teacher, teacherLogits: tf.tidy(() => teacher.forward(x)) };
}
