/** `compare`: an experiment with and without each of some changes, over the same seeds; gains with their intervals. */
import type { AdapterSummary } from '../core/results';
import { defaultExperiment } from '../experiment/schema';
import { type Comparison, compareRuns, type Outcome } from '../runs/compare';
import { readArguments, readAssignment, wholeNumber } from './arguments';
import { dataInfoUrl, runJob } from './browser-job';
import { dataFolder } from './data-folder';
import { readExperiment, withKeys } from './experiment-source';
import { Failure } from './failure';
import { answer, type Output } from './output';
import { type Taught, withTeacher } from './teacher';

const SEEDS = 3;

/** 'mixup=on mixup.alpha=.4; warmup=off' -> a record of keys per change. Throws a Failure that names what is no assignment. */
export function readChanges(text: string): { name: string; keys: Record<string, string> }[] {
  return text.split(';').map((part) => {
    const words = part.trim().split(/\s+/);
    const keys = words.map((word) => readAssignment(word, '--changes takes key=value, with ; between changes'));
    return { name: words.join(' '), keys: Object.fromEntries(keys) };
  });
}

/** Trains once; the last validation is what counts. */
async function outcomeOf({ experiment, teacher }: Taught, data: string | undefined) {
  let top1: number | undefined;
  let timeMs = 0;
  let adapter: AdapterSummary | undefined;
  await runJob(
    {
      command: 'start',
      initialWeights: false,
      ...(teacher && { teacher: teacher.network }),
      options: { experiment, ...(data && { data: { infoUrl: dataInfoUrl } }) },
    },
    { data, teacher: teacher?.weights },
    (event) => {
      if (event.type === 'ready') adapter = event.adapter;
      // The last word is that of the averaged weights, where a run keeps them.
      else if (event.type === 'evaluated') top1 = event.metrics.top1;
      else if (event.type === 'finished') timeMs = event.timing.totalMs;
    },
  );
  if (top1 === undefined) throw new Failure('The dataset has no validation images: there is nothing to compare.');
  return { outcome: { top1, timeMs } satisfies Outcome, adapter };
}

const points = (share: number) => `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(2)}`;

const line = (name: string, { top1, gain, verdict, timeFactor }: Comparison) =>
  `${name}: top-1 ${(100 * top1.mean).toFixed(2)} %, ${points(gain.mean)} points [${points(gain.low)}, ${points(gain.high)}], ` +
  `${timeFactor.toFixed(2)}x the time: ${verdict === 'no evidence' ? `no evidence at ${gain.n} seeds` : verdict}`;

export async function compare(argv: readonly string[], output: Output): Promise<void> {
  const args = readArguments(argv, ['changes', 'seeds', 'data', 'out', 'teacher', 'teacher-model'], 1);
  const word = args.words[0];
  const base = withKeys(word === undefined ? defaultExperiment() : readExperiment(word), args.set);
  if (args.values.changes === undefined) throw new Failure('compare needs --changes "key=value; key=value ...".');
  const changes = readChanges(args.values.changes);
  const seeds = wholeNumber(args, 'seeds', 2) ?? SEEDS;
  const data = args.values.data === undefined ? undefined : dataFolder(args.values.data).path;
  // Before the first run, so that a wrong key or a missing teacher costs no training.
  const series = [{ name: 'as it is', keys: {} }, ...changes].map(({ name, keys }) => {
    const experiment = withKeys(base, keys);
    const taught: Taught = experiment.on.distillation ? withTeacher(experiment, args.values) : { experiment };
    return { name, taught, outcomes: [] as Outcome[] };
  });
  if (args.values.teacher !== undefined && !series.some(({ taught }) => taught.teacher)) {
    throw new Failure('--teacher is for distillation=on, which is not among the --changes.');
  }
  let trainedOn: AdapterSummary | undefined;
  // Seed by seed, so that what slows the machine down for a while slows down all of them.
  for (let i = 0; i < seeds; i++) {
    for (const { name, taught, outcomes } of series) {
      const seeded = { ...taught, experiment: { ...taught.experiment, seed: base.seed + i } };
      const { outcome, adapter } = await outcomeOf(seeded, data);
      outcomes.push(outcome);
      trainedOn = adapter;
      output.stderr(`seed ${base.seed + i}, ${name}: top-1 ${(100 * outcome.top1).toFixed(2)} %\n`);
    }
  }
  const [plain, ...changed] = series as [(typeof series)[0], ...typeof series];
  const compared = changed.map(({ name, outcomes }) => ({ name, ...compareRuns(plain.outcomes, outcomes) }));
  const own = compareRuns(plain.outcomes, plain.outcomes).top1;
  const interval = `[${(100 * own.low).toFixed(2)}, ${(100 * own.high).toFixed(2)}]`;
  const summary = [
    `as it is: top-1 ${(100 * own.mean).toFixed(2)} % ${interval} over ${seeds} seeds`,
    ...compared.map(({ name, ...comparison }) => line(name, comparison)),
  ].join('\n');
  const result = {
    experiment: base,
    adapter: trainedOn,
    seeds,
    plain: own,
    changes: compared,
    runs: series.map(({ name, outcomes }) => ({ name, outcomes })),
  };
  answer(output, result, summary, { json: args.json, file: args.values.out });
}
