import { z } from 'zod';
import { defineTrick, int } from '../define';

export const lowPrecision = defineTrick({
  id: 'low-precision',
  label: 'Low precision',
  summary: 'Stores activations and their gradients as 16-bit floats; sums and master weights stay in 32 bits.',
  paper: {
    title: 'Mixed precision training (Micikevicius et al. 2018)',
    url: 'https://arxiv.org/abs/1710.03740',
  },
  stage: 'scale',
  on: false,
  needs: {
    feature: 'shader-f16',
    otherwise: 'This adapter has no 16-bit floats (shader-f16), so low precision is not available.',
  },
  options: z.object({
    lossScale: int(
      1024,
      { min: 1, max: 65536 },
      {
        label: 'Loss scale',
        help: 'Factor on the gradients while they are 16-bit, so that small ones are not lost. Validation runs in 32 bits.',
      },
    ),
  }),
  // Its loss scale adapts itself; ours is a constant, as in the paper.
  timm: () => ({ args: ['--amp', '--amp-dtype', 'float16'] }),
  scale: ({ lossScale }) => ({ precision: { half: true, lossScale } }),
});
