/** Every reader of what strangers bring, with damaged inputs for it. A reader takes its input or refuses it in words; nothing else. */
import { type Rng, rng } from '../../src/core/rng';
import { parseSafetensors, writeSafetensors } from '../../src/core/safetensors';
import { serverWait } from '../../src/data/download';
import { imageHeader } from '../../src/data/image-size';
import { readShardIndex, shardUrl } from '../../src/data/index';
import { samplesOf } from '../../src/data/samples';
import { scanTar } from '../../src/data/tar';
import { defaultExperiment, experimentWith, parseExperiment, setKeys } from '../../src/experiment/schema';
import { fromLink, toLink } from '../../src/experiment/url';
import { readPreferences } from '../../src/lab/preferences';
import { columns } from '../../src/runs/series';
import { readPart, readPredictions, readRun } from '../../src/runs/stored';
import { infoOf, joined, paxEntry, plainTar, tarHeader } from '../support/shards';
import { mutateBytes, mutateJson, mutateText, pick } from './mutate';

export interface Reader {
  name: string;
  /**
   * Reads one input of the given stream; true if it was taken. Throws what the reader throws, and an error of its own where an
   * answer breaks what the reader promises.
   */
  read(random: Rng): boolean;
}

/** A promise that an answer broke. */
class Broken extends Error {}

const promise = (kept: boolean, words: string) => {
  if (!kept) throw new Broken(words);
};

/** A reader that answers with problems in words, in the place of an error. */
const taken = ({ problems = [] }: { problems?: { message: string }[] }) => {
  for (const { message } of problems) promise(isSentence(message), `a problem without words: ${message}`);
  return problems.length === 0;
};

/** Words for a person, not what a machine says of itself. */
const isSentence = (text: string): boolean =>
  text.length > 8 &&
  !/\[object |undefined|is not a function|Cannot (read|convert)|Unexpected (token|end)|not iterable|call stack/.test(
    text,
  );

const experiment = experimentWith({
  model: 'cmt-tiny',
  dataset: 'wds',
  'wds.url': 'https://a.example/_info.json',
  mixup: 'on',
});
const link = toLink(experiment);
const keys = ['data.batch', 'sgd.lr', 'mixup', 'model', 'wds.url', 'seed', 'resnet50-vd.depths', 'no.such'];

const base = 'https://a.example/pets/';
const info = infoOf({
  train: { 'a.tar': [plainTar(1), 1], 'b c.tar': [plainTar(1), 1] },
  validation: { 'v.tar': [plainTar(1), 1] },
});
const fullInfo = { ...info, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2], license: 'MIT', num_classes: 2 };

const archive = joined(
  paxEntry({ path: 'long/000000.png', size: '5', mtime: '1.5' }),
  plainTar(3),
  paxEntry({ comment: 'x' }, 'g'),
  tarHeader('folder/', 4096, { type: '5' }),
  plainTar(2, { start: 5, key: (i) => `folder/${i}` }),
);

const weights = new Uint8Array(
  writeSafetensors(
    new Map([
      ['a.weight', { shape: [2, 3], data: new Float32Array(6) }],
      ['a.bias', { shape: [2], data: new Float32Array(2) }],
    ]),
    { format: 'pt' },
  ),
);

const run = {
  id: 'a',
  number: 1,
  name: 'gentle-lagoon',
  color: 0,
  created: 1.7e12,
  state: 'finished',
  hidden: false,
  experiment,
  parameters: 100,
  summary: { step: 3, epoch: 1, timeMs: 50, top1: 0.5 },
};
const evaluations = [{ step: 3, epoch: 1, timeMs: 50, split: 'validation', loss: 1.5, top1: 0.5, top5: 1 }];
const answers = { step: 3, split: 'validation', classes: ['a', 'b'], images: 2, keys: ['x', 'y'] };

/** Arrays of numbers as a store gives them back. */
const typed = (
  value: unknown,
  Kind: typeof Float64Array | typeof Float32Array | typeof Int32Array | typeof Uint32Array,
) => (Array.isArray(value) && value.every((one) => typeof one === 'number') ? Kind.from(value) : value);

const jpeg = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 1, 2, 3, 4, 3, 0, 0, 0, 0]);
const webp = joined(new TextEncoder().encode('RIFF....WEBPVP8X'), new Uint8Array(20));

export const readers: readonly Reader[] = [
  {
    name: 'link',
    read: (random) => {
      const reading = fromLink(mutateText(random, link));
      promise(parseExperiment(reading.experiment).experiment !== undefined, 'what was read is no experiment');
      const again = fromLink(toLink(reading.experiment));
      promise(again.problems.length === 0, 'what was read has no link of its own');
      return taken(reading);
    },
  },
  {
    name: '--set',
    read: (random) =>
      taken(
        setKeys(defaultExperiment(), {
          [pick(random, keys)]: mutateText(random, pick(random, ['1', 'on', '.5', '1,1,1,1'])),
        }),
      ),
  },
  { name: 'experiment', read: (random) => taken(parseExperiment(mutateJson(random, experiment, 0.02))) },
  {
    name: '_info.json',
    read: (random) => {
      const json = JSON.stringify(mutateJson(random, fullInfo, 0.04));
      const bytes = new TextEncoder().encode(random.int(4) ? json : mutateText(random, json));
      const { splits } = readShardIndex(bytes, `${base}_info.json`);
      for (const { filenames } of Object.values(splits))
        for (const name of filenames)
          promise(shardUrl(base, name).startsWith(base), `a shard leaves its folder: ${JSON.stringify(name)}`);
      return true;
    },
  },
  {
    name: 'tar',
    read: (random) => {
      const bytes = mutateBytes(random, archive);
      const { members } = scanTar(bytes);
      for (const { offset, size } of members) promise(offset + size <= bytes.length, 'a member leaves its archive');
      const { samples, notes } = samplesOf(bytes, members, {
        classes: 2,
        altLabel: random.int(2) ? undefined : 'label',
      });
      promise(samples.length <= members.length, 'more samples than members');
      for (const note of notes) promise(isSentence(note), `a note without words: ${note}`);
      return true;
    },
  },
  { name: 'safetensors', read: (random) => parseSafetensors(mutateBytes(random, weights).buffer).size > 0 },
  {
    name: 'stored run',
    read: (random) => {
      const { run: read, problem } = readRun(mutateJson(random, run, 0.005));
      if (problem !== undefined) promise(isSentence(problem), `a problem without words: ${problem}`);
      if (read?.unreadable !== undefined)
        promise(isSentence(read.unreadable), `a reason without words: ${read.unreadable}`);
      return read?.experiment !== undefined;
    },
  },
  {
    name: 'stored curve',
    read: (random) => {
      const steps = Object.fromEntries(
        columns.map((name) => [name, typed(mutateJson(random, [1, 2, 3], 0.01), Float64Array)]),
      );
      const part = readPart({ steps: random.int(9) ? steps : mutateJson(random, steps), evaluations }, random.int(2));
      for (const name of columns)
        promise(!part || part.steps[name].length === part.steps.step.length, 'columns differ');
      return part !== undefined;
    },
  },
  {
    name: 'stored answers',
    read: (random) => {
      const given = {
        ...(mutateJson(random, answers, 0.02) as object),
        logits: typed(mutateJson(random, [1, 2, 3, 4], 0.01), Float32Array),
        labels: typed(mutateJson(random, [0, 1], 0.02), Int32Array),
        places: typed(mutateJson(random, [0, 1], 0.02), Uint32Array),
      };
      const read = readPredictions(given);
      promise(!read || read.labels.every((label) => label < read.classes.length), 'a label that is no class');
      return read !== undefined;
    },
  },
  {
    name: 'preferences',
    read: (random) => {
      const { preferences, damaged } = readPreferences(
        mutateText(random, '{"state":{"axis":"epoch","smoothing":0.5,"logLoss":true,"tab":"runs"},"version":1}'),
      );
      const { smoothing, tab } = preferences;
      promise(smoothing >= 0 && smoothing < 1 && typeof tab === 'string', 'preferences that are none');
      return damaged.length === 0;
    },
  },
  {
    name: 'image header',
    read: (random) => {
      const size = imageHeader(mutateBytes(random, pick(random, [jpeg, webp])))?.size;
      promise(!size || (size.width >= 0 && size.height >= 0), 'a size below nothing');
      return size !== undefined;
    },
  },
  {
    name: 'Retry-After',
    read: (random) => {
      const headers = new Headers();
      const after = mutateText(random, pick(random, ['7', 'Thu, 01 Jan 2026 00:00:09 GMT', '"api";r=0;t=30']));
      // What HTTP cannot carry never arrives.
      if (/^[\x20-\x7e]*$/.test(after)) headers.set(pick(random, ['retry-after', 'ratelimit']), after);
      const wait = serverWait(headers, 0);
      promise(wait === undefined || wait >= 0, `a wait of ${wait} ms`);
      return wait !== undefined;
    },
  },
];

export interface Outcome {
  name: string;
  cases: number;
  accepted: number;
  slowestMs: number;
  /** What was neither taken nor refused in words, with the number of the case: it names the input. */
  wrong: string[];
}

/** Errors that a program throws by mistake. */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, Broken];

export interface FuzzOptions {
  cases: number;
  seed?: number;
  /** Ends after this time, whatever is left. */
  seconds?: number;
}

/** Milliseconds of the processor: more is a reader that hangs. */
const SLOW_MS = 1000;

/** Time that this process has worked, milliseconds: other programs have no share in it. */
const worked = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Feeds a reader with cases, each from a stream of its own, until all are read or the time is over. */
export function fuzz(
  { name, read }: Reader,
  { cases, seed = 1, seconds = Number.POSITIVE_INFINITY }: FuzzOptions,
): Outcome {
  const outcome: Outcome = { name, cases: 0, accepted: 0, slowestMs: 0, wrong: [] };
  const begun = performance.now();
  for (let number = 0; number < cases && performance.now() - begun < seconds * 1000; number++) {
    const start = worked();
    try {
      if (read(rng(seed, `fuzz/${name}`, number))) outcome.accepted++;
    } catch (error) {
      const words =
        error instanceof Error && !MISTAKES.some((kind) => error instanceof kind) && isSentence(error.message);
      if (!words) outcome.wrong.push(`case ${number}: ${String(error)}`);
    }
    const ms = worked() - start;
    if (ms > SLOW_MS) outcome.wrong.push(`case ${number}: ${Math.round(ms)} ms`);
    outcome.slowestMs = Math.max(outcome.slowestMs, ms);
    outcome.cases++;
  }
  return outcome;
}
