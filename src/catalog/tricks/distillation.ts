import { z } from 'zod';
import { checkpoint, defineTrick, num } from '../define';

export const distillation = defineTrick({
  id: 'distillation',
  label: 'Distillation',
  summary: 'Follows a trained network, the teacher, whose answers say more about an image than its label does.',
  paper: {
    title: 'Distilling the knowledge in a neural network (Hinton et al. 2015)',
    url: 'https://arxiv.org/abs/1503.02531',
  },
  stage: 'loss',
  on: false,
  options: z.object({
    teacher: checkpoint({
      label: 'Teacher',
      help: 'A network for the same classes, of this or another architecture. It sees each image as the student does.',
    }),
    temperature: num(
      20,
      { min: 1, max: 100, step: 1 },
      {
        label: 'Temperature',
        help: 'Both networks’ logits are divided by it: the higher, the more the small ones count.',
      },
    ),
    weight: num(
      1,
      { min: 0, max: 10, step: 0.1 },
      {
        label: 'Weight',
        help: 'Factor of temperature² times the divergence from the teacher. Lower it if a student that is far from its teacher diverges.',
      },
    ),
    taskWeight: num(
      1,
      { min: 0, max: 10, step: 0.1 },
      { label: 'Weight of the labels', help: 'Factor of the cross-entropy with the labels.' },
    ),
  }),
  warn: ({ teacher, weight }) => [
    ...(teacher === '' ? ['No teacher is chosen: a run needs one before it can start.'] : []),
    ...(weight === 0 ? ['At weight 0 the teacher is asked for every image, and its answers count for nothing.'] : []),
  ],
  timm: ({ temperature, weight, taskWeight }) => ({
    args: [
      '--kd-distill-type',
      'logit',
      '--kd-temperature',
      String(temperature),
      '--distill-loss-weight',
      String(weight),
      '--task-loss-weight',
      String(taskWeight),
    ],
    lacking:
      'train.py takes no file for a teacher: --kd-model-name NAME loads the weights that timm publishes for NAME. ' +
      'For your own, pass teacher_pretrained_path to LogitDistillationTask there.',
  }),
  loss: ({ teacher, temperature, weight, taskWeight }) => ({
    distillation: { teacher, temperature, distillWeight: weight, taskWeight },
  }),
});
