/**
 * Makes images as the network will see them: the first training batch of an epoch, augmented and mixed, or images of the
 * validation. The trainer's own loader, augmentation and mix plan, in a worker of its own so that the page stays free.
 */

import type { MixPlan } from '../../catalog/define';
import type { Loader } from '../../data/loader';
import { type DataPlace, indexAddress, type OpenDataset, openDataset, openSplit } from '../../data/open';
import { type DataPool, openPool } from '../../data/pool';
import type { Batch } from '../../data/types';
import { numberOf, planTraining } from '../../experiment/plan';
import type { Experiment } from '../../experiment/schema';
import { ownChannel, serve } from '../../platform/calls';
import type {
  PreviewCalls,
  PreviewImage,
  TrainingPreview,
  TrainingRequest,
  ValidationPreview,
  ValidationRequest,
} from './preview';

const datasets = new Map<string, Promise<OpenDataset>>();
let pool: DataPool | undefined;
let newest = 0;

/** Does what is asked last: a burst of edits leaves only that. */
const unlessOvertaken =
  <R, A>(make: (request: R) => Promise<A>) =>
  async (request: R): Promise<A | undefined> => {
    const mine = ++newest;
    await new Promise((resolve) => setTimeout(resolve, 120));
    return mine === newest ? await make(request) : undefined;
  };

const calls: PreviewCalls = { training: unlessOvertaken(training), validation: unlessOvertaken(validation) };
serve(calls, ownChannel());

async function datasetFor(place: DataPlace): Promise<OpenDataset> {
  const key = `${place.experiment.dataset} ${indexAddress(place)}`;
  const opening = datasets.get(key) ?? openDataset(place);
  // A failed load is asked for again the next time.
  opening.catch(() => datasets.delete(key));
  datasets.set(key, opening);
  return await opening;
}

/** The part of the dataset that the experiment trains on, or is validated on image by image. */
async function open(dataset: OpenDataset, experiment: Experiment, part: 'train' | 'validation'): Promise<Loader> {
  pool ??= openPool(1);
  const from = (await dataset.parts())[part];
  if (!from) throw new Error('The dataset has no images to validate on.');
  return await openSplit(
    dataset,
    experiment,
    part === 'train' ? { ...from, training: true, pool } : { ...from, training: false, pool, batchSize: 1 },
  );
}

async function training(request: TrainingRequest): Promise<TrainingPreview> {
  const { experiment, epoch, count } = request;
  const dataset = await datasetFor(request);
  const { index } = dataset;
  const size = numberOf(experiment, 'data', 'size');
  const loader = await open(dataset, experiment, 'train');
  try {
    const first = await loader.epoch(epoch).next();
    if (first.done) throw new Error('The dataset has no training images.');
    const classes = index.classes.length;
    const plan = planTraining(experiment, { trainImages: loader.samples, classes });
    const at = plan.at(epoch, 0);
    const mix = plan.mix(at);
    const batch = first.value;
    const targets = plan.targets(batch.labels, at);
    const leastTarget = plan.leastTarget(at);
    const images = Array.from({ length: Math.min(count, batch.count) }, (_, i): PreviewImage => {
      const row = targets.subarray(i * classes, (i + 1) * classes);
      const target = [...row.keys()]
        .filter((label) => (row[label] as number) > leastTarget + 1e-6)
        .map((label) => ({ name: index.classes[label] as string, share: row[label] as number }))
        .sort((a, b) => b.share - a.share);
      return { key: batch.keys[i] as string, pixels: mixed(batch, i, size, mix), target, leastTarget };
    });
    return { size, mix, images };
  } finally {
    loader.close();
  }
}

/** An image may stand up to this far behind its place: damaged ones before it in its batch were left out. */
const LOOK_AHEAD = 8;

async function validation(request: ValidationRequest): Promise<ValidationPreview> {
  const { experiment, wanted } = request;
  const dataset = await datasetFor(request);
  const size = numberOf(experiment, 'data', 'size');
  const loader = await open(dataset, experiment, 'validation');
  const find = async (place: number, key: string) => {
    let looked = 0;
    for await (const batch of loader.epoch(0, place)) {
      if (batch.keys[0] === key) return mixed(batch, 0, size, { kind: 'none' });
      if (++looked > LOOK_AHEAD) return undefined;
    }
    return undefined;
  };
  try {
    return { size, images: await Promise.all(wanted.map(({ place, key }) => find(place, key))) };
  } finally {
    loader.close();
  }
}

/** Image i of the batch after mixing with its partner, the image at the same place from the end. RGBA. */
function mixed(batch: Batch, i: number, size: number, mix: MixPlan): Uint8ClampedArray<ArrayBuffer> {
  const length = size * size * 3;
  const own = batch.pixels.subarray(i * length, (i + 1) * length);
  const partner = batch.pixels.subarray((batch.count - 1 - i) * length, (batch.count - i) * length);
  const out = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let p = 0; p < size * size; p++) {
    const x = p % size;
    const y = Math.floor(p / size);
    const pasted = mix.kind === 'cutmix' && x >= mix.box.x0 && x < mix.box.x1 && y >= mix.box.y0 && y < mix.box.y1;
    const share = mix.kind === 'mixup' ? mix.lambda : pasted ? 0 : 1;
    for (let c = 0; c < 3; c++)
      out[p * 4 + c] = share * (own[p * 3 + c] as number) + (1 - share) * (partner[p * 3 + c] as number);
  }
  return out;
}
