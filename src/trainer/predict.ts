/** Logits of a split from a weights file. */
import { openDataset, openSplit } from '../data/open';
import { openPool } from '../data/pool';
import { planTraining } from '../experiment/plan';
import { placeOf } from './dataset';
import { evaluate } from './evaluate';
import { createNetwork, type Network } from './network';
import { statisticsFor } from './normalisation';
import type { Command, Event } from './protocol';

type Predict = Extract<Command, { type: 'predict' }>;
type Predicted = Extract<Event, { type: 'predicted' }>;

/** Rows follow the split's own order. say: hears, in words, what is not asked for. */
export async function predict(
  { session, experiment, data, weights, split }: Predict,
  say: (message: string) => void,
): Promise<Predicted> {
  const dataset = await openDataset(placeOf(experiment, data));
  const { index } = dataset;
  const declared = index.splits[split];
  if (!declared) {
    throw new Error(`There is no split "${split}"; the dataset has ${Object.keys(index.splits).join(', ')}.`);
  }
  const pool = openPool();
  let network: Network | undefined;
  try {
    const { source, ...statistics } = statisticsFor(weights, dataset);
    say(
      `Images are normalised with the mean and std of ${source}: ${statistics.mean.join(', ')} and ${statistics.std.join(', ')}`,
    );
    const facts = { trainImages: declared.num_samples, classes: index.classes.length, ...statistics };
    const plan = planTraining(experiment, facts);
    network = createNetwork(experiment, plan, { initialWeights: weights });
    const loader = await openSplit(dataset, experiment, {
      split,
      training: false,
      pool,
      everything: true,
      statistics,
    });
    const rows: { logits: number[]; key: string; label: number }[] = [];
    // Batches may be read back in any order: each keeps its place.
    const batches: { index: number; rows: typeof rows }[] = [];
    await evaluate(network, loader.epoch(0), {
      onLogits(logits, batch) {
        const classes = logits.length / batch.count;
        batches.push({
          index: batch.index,
          rows: batch.keys.map((key, i) => ({
            logits: Array.from(logits.subarray(i * classes, (i + 1) * classes)),
            key,
            label: batch.labels[i] as number,
          })),
        });
      },
    });
    for (const batch of batches.sort((a, b) => a.index - b.index)) rows.push(...batch.rows);
    loader.close();
    return {
      type: 'predicted',
      session,
      logits: rows.map((row) => row.logits),
      keys: rows.map((row) => row.key),
      labels: rows.map((row) => row.label),
    };
  } finally {
    pool.close();
    network?.dispose();
  }
}
