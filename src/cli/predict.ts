/** `predict`: logits of a split from a weights file, in the split's own order. */
import type { Event } from '../trainer/protocol';
import { readArguments } from './arguments';
import { dataInfoUrl, runJob } from './browser-job';
import { dataFolder } from './data-folder';
import { readExperiment, withKeys, withModel } from './experiment-source';
import { Failure } from './failure';
import { answer, type Output } from './output';
import { readWeights } from './weights';

type Predicted = Extract<Event, { type: 'predicted' }>;

const argmax = (row: readonly number[]) => row.reduce((best, value, i) => (value > (row[best] ?? 0) ? i : best), 0);

export async function predict(argv: readonly string[], output: Output): Promise<void> {
  const args = readArguments(argv, ['model', 'weights', 'data', 'split', 'out'], 1);
  const word = args.words[0];
  const base = word === undefined ? undefined : readExperiment(word);
  const experiment = withKeys(withModel(base, args.values.model), args.set);
  const weights = readWeights(args.values.weights);
  if (!weights) throw new Failure('predict needs --weights FILE.safetensors.');
  const data = args.values.data === undefined ? undefined : dataFolder(args.values.data);
  const split = args.values.split ?? 'validation';
  if (data && !data.splits.includes(split)) {
    throw new Failure(`${args.values.data} has no split "${split}". It has: ${data.splits.join(', ')}.`);
  }
  let predicted: Predicted | undefined;
  await runJob(
    { command: 'predict', experiment, split, ...(data && { data: { infoUrl: dataInfoUrl } }) },
    { data: data?.path, weights },
    (event) => {
      if (event.type === 'progress') output.stderr(`${event.message} ...\n`);
      if (event.type === 'notice') output.stderr(`${event.message}.\n`);
      if (event.type === 'predicted') predicted = event;
    },
  );
  if (!predicted) throw new Failure('The page ended without predictions.');
  const { logits, keys, labels } = predicted;
  const right = logits.filter((row, i) => argmax(row) === labels[i]).length;
  const summary = `${split}: ${keys.length} images, top-1 ${((100 * right) / Math.max(1, keys.length)).toFixed(1)} %`;
  answer(output, { logits, keys, labels }, summary, { json: args.json, file: args.values.out });
}
