import { z } from 'zod';
import { defineSchedule } from '../define';

export const constant = defineSchedule({
  id: 'constant',
  label: 'Constant',
  summary: 'The same learning rate from the first update to the last.',
  options: z.object({}),
  // A step schedule that never steps.
  timm: () => ({ args: ['--sched', 'step', '--decay-rate', '1'] }),
  rate:
    (_options, { baseLr }) =>
    () =>
      baseLr,
});
