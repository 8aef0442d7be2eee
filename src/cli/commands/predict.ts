/** `predict`: logits of a split from a weights file, in the split's own order. */
import type { Event } from '../../trainer/protocol';
import { runJob } from '../browser-job';
import { dataFolder } from '../data-folder';
import { defineCommand, required, text } from '../define-command';
import { withKeys, withModel } from '../experiment-source';
import { Failure } from '../failure';
import { dataOption, experimentWord, outOption, setOption } from '../shared-options';
import { didYouMean } from '../suggest';
import { heedFile, keysSet, readWeights } from '../weights';

type Predicted = Extract<Event, { type: 'predicted' }>;

const argmax = (row: readonly number[]) => row.reduce((best, value, i) => (value > (row[best] ?? 0) ? i : best), 0);

export const predict = defineCommand({
  name: 'predict',
  summary: 'logits and top-1 of a split from a weights file',
  words: { experiment: experimentWord },
  options: {
    model: text('ID', 'the model, if the file does not say of which it is'),
    weights: required(text('FILE.safetensors', 'trained weights; what their file says of model and size is heeded')),
    data: dataOption,
    split: text('NAME', 'the split, validation if none is named'),
    out: outOption,
    set: setOption,
  },
  examples: [
    'preset:tiny --weights weights.safetensors',
    '--weights weights.safetensors --data DIR --split test --json',
  ],
  async run({ experiment: base, model, weights, data: folder, split = 'validation', out, set }, output) {
    const say = (line: string) => output.stderr(`${line}\n`);
    const asked = withKeys(withModel(base, model), set);
    const given = readWeights(weights, asked, say);
    const experiment = heedFile(asked, given, keysSet(set, model), say);
    const data = folder === undefined ? undefined : dataFolder(folder);
    if (data && !Object.hasOwn(data.index.splits, split)) {
      const splits = Object.keys(data.index.splits);
      throw new Failure(`${folder} has no split "${split}".${didYouMean(split, splits)} It has: ${splits.join(', ')}.`);
    }
    let predicted: Predicted | undefined;
    await runJob({ command: 'predict', experiment, split }, { data: data?.path, weights: given.bytes }, (event) => {
      if (event.type === 'progress') say(`${event.message} ...`);
      if (event.type === 'notice') say(event.message);
      if (event.type === 'predicted') predicted = event;
    });
    if (!predicted) throw new Failure('The page ended without predictions.');
    const { logits, keys, labels } = predicted;
    const broken = logits.findIndex((row) => !row.every(Number.isFinite));
    if (broken >= 0)
      throw new Failure(`The logits of image ${keys[broken]} are not finite: these weights are of no use.`);
    const right = logits.filter((row, i) => argmax(row) === labels[i]).length;
    const summary = `${split}: ${keys.length} images, top-1 ${((100 * right) / Math.max(1, keys.length)).toFixed(1)} %`;
    return { result: { logits, keys, labels }, summary, out };
  },
});
