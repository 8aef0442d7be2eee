/** `compare`: an experiment with and without each of some changes, over the same seeds; gains with their intervals. */
import type { AdapterSummary } from '../../core/results';
import { defaultExperiment } from '../../experiment/schema';
import { type Comparison, compareRuns, type Outcome } from '../../runs/compare';
import { readAssignment } from '../arguments';
import { runJob } from '../browser-job';
import { dataFolder } from '../data-folder';
import { defineCommand, required, text, wholeNumber } from '../define-command';
import { withKeys } from '../experiment-source';
import { Failure } from '../failure';
import { dataOption, experimentWord, outOption, setOption, teacherOptions } from '../shared-options';
import { type Taught, withTeacher } from '../teacher';

const SEEDS = 3;

/** 'mixup=on mixup.alpha=.4; warmup=off' -> a record of keys per change. Throws a Failure that names what is no assignment. */
function readChanges(text: string): { name: string; keys: Record<string, string> }[] {
  return text.split(';').map((part) => {
    const words = part.trim().split(/\s+/);
    const keys = words.map((word) => readAssignment(word, '--changes takes key=value, with ; between changes'));
    return { name: words.join(' '), keys: Object.fromEntries(keys) };
  });
}

/** Trains once; the last validation is what counts. */
async function outcomeOf({ experiment, teacher }: Taught, data: string | undefined) {
  let top1: number | undefined;
  let loss = 0;
  let timeMs = 0;
  let adapter: AdapterSummary | undefined;
  await runJob(
    {
      command: 'start',
      ...(teacher && { teacher: teacher.network }),
      options: { experiment },
    },
    { data, teacher: teacher?.weights },
    (event) => {
      if (event.type === 'ready') adapter = event.adapter;
      // The last word is that of the averaged weights, where a run keeps them.
      else if (event.type === 'evaluated') ({ top1, loss } = event.metrics);
      else if (event.type === 'finished') timeMs = event.timing.totalMs;
    },
  );
  if (top1 === undefined) throw new Failure('The dataset has no validation images: there is nothing to compare.');
  return { outcome: { top1, timeMs } satisfies Outcome, diverged: !Number.isFinite(loss), adapter };
}

const points = (share: number) => `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(2)}`;

const line = (name: string, { top1, gain, verdict, timeFactor }: Comparison) =>
  `${name}: top-1 ${(100 * top1.mean).toFixed(2)} %, ${points(gain.mean)} points [${points(gain.low)}, ${points(gain.high)}], ` +
  `${timeFactor.toFixed(2)}x the time: ${verdict === 'no evidence' ? `no evidence at ${gain.n} seeds` : verdict}`;

export const compare = defineCommand({
  name: 'compare',
  summary: 'does each change help, beyond noise, at what cost?',
  words: { experiment: experimentWord },
  options: {
    changes: required(text('"key=value; ..."', 'the changes: settings, with ; between one change and the next')),
    seeds: wholeNumber(2, `runs of each, ${SEEDS} if not said`),
    data: dataOption,
    ...teacherOptions,
    out: outOption,
    set: setOption,
  },
  examples: [
    'preset:tiny --changes "label-smoothing=on; mixup=on mixup.alpha=.4" --seeds 5',
    'preset:tiny --changes "distillation=on" --teacher weights.safetensors',
  ],
  async run({ experiment: given = defaultExperiment(), set, seeds = SEEDS, out, ...asked }, output) {
    const say = (text: string) => output.stderr(`${text}\n`);
    const base = withKeys(given, set);
    const changes = readChanges(asked.changes);
    const data = asked.data === undefined ? undefined : dataFolder(asked.data).path;
    // Before the first run, so that a wrong key or a missing teacher costs no training.
    const series = [{ name: 'as it is', keys: {} }, ...changes].map(({ name, keys }) => {
      const experiment = withKeys(base, keys);
      const taught: Taught = experiment.on.distillation ? withTeacher(experiment, asked, say) : { experiment };
      return { name, taught, outcomes: [] as Outcome[] };
    });
    if (asked.teacher !== undefined && !series.some(({ taught }) => taught.teacher)) {
      throw new Failure('--teacher is for distillation=on, which is not among the --changes.');
    }
    let trainedOn: AdapterSummary | undefined;
    // Seed by seed, so that what slows the machine down for a while slows down all of them.
    for (let i = 0; i < seeds; i++) {
      for (const { name, taught, outcomes } of series) {
        const seeded = { ...taught, experiment: { ...taught.experiment, seed: base.seed + i } };
        const { outcome, diverged, adapter } = await outcomeOf(seeded, data);
        outcomes.push(outcome);
        trainedOn = adapter;
        const lost = diverged ? ', and it diverged: the loss of its validation is not a number' : '';
        say(`seed ${base.seed + i}, ${name}: top-1 ${(100 * outcome.top1).toFixed(2)} %${lost}`);
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
    return { result, summary, out };
  },
});
