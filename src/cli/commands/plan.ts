/** `plan`: what happens to one batch of a run. */

import { planBatch } from '../batch-plan';
import { defineCommand, required, wholeNumber } from '../define-command';
import { withKeys } from '../experiment-source';
import { sayWarnings } from '../experiment-warnings';
import { orFailureAsync } from '../failure';
import { openNodeDataset } from '../node-shards';
import { dataOption, experimentWord, outOption, setOption } from '../shared-options';

export const plan = defineCommand({
  name: 'plan',
  summary: 'images, mixing and targets of one batch, as the trainer will have them',
  words: { experiment: required(experimentWord) },
  options: {
    data: dataOption,
    epoch: wholeNumber(0, 'the epoch, from 0'),
    step: wholeNumber(0, 'the batch of the epoch, from 0'),
    out: outOption,
    set: setOption,
  },
  examples: ['preset:modern --epoch 3 --step 7 --json', 'preset:tiny --data DIR --set mixup=on'],
  async run({ experiment: base, data, epoch = 0, step = 0, out, set }, output) {
    const experiment = withKeys(base, set);
    const say = (message: string) => output.stderr(`${message}\n`);
    const dataset = await openNodeDataset(experiment, data, say);
    const planned = await orFailureAsync(planBatch(experiment, dataset, { epoch, microBatch: step }, say));
    sayWarnings(experiment, say);
    const { mix, keys, lr, leftOver } = planned;
    const words = mix.kind === 'none' ? 'not mixed' : `${mix.kind} with lambda ${mix.lambda.toPrecision(4)}`;
    const batch = `epoch ${epoch}, batch ${step}: ${keys.length} images, ${words}, learning rate ${lr.toPrecision(4)}`;
    const summary = leftOver ? `${batch}. ${leftOver}` : batch;
    return { result: planned, summary, out };
  },
});
