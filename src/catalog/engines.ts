/** What computes a run. Changes speed, and a curve only by rounding. */
import { z } from 'zod';
import type { Part } from './define';

export type EngineChoice = 'fused' | 'reference';

export const engines: readonly (Part & { id: EngineChoice })[] = [
  {
    id: 'fused',
    label: 'Fused kernels',
    summary: "Tricklab's own WebGPU kernels, recorded once and replayed.",
    options: z.object({}),
  },
  {
    id: 'reference',
    label: 'Reference',
    summary: 'Plain TensorFlow.js operations: slow, and what the kernels are tested against.',
    options: z.object({}),
  },
];
