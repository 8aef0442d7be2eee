/** `train`: a whole run without a page on the screen, with the very code that the page trains with. */
import { totalmem } from 'node:os';
import type { AdapterSummary, EvalMetrics, UpdateMetrics } from '../../core/results';
import { estimate } from '../../experiment/estimate';
import { tightness } from '../../experiment/memory';
import { expectedFacts } from '../../experiment/plan';
import { defaultExperiment, type Experiment } from '../../experiment/schema';
import { watchDivergence } from '../../runs/divergence';
import type { RunTiming } from '../../trainer/protocol';
import { runJob } from '../browser-job';
import { type DataFolder, dataFolder } from '../data-folder';
import type { Say } from '../declaration';
import { defineCommand, flag, text, wholeNumber } from '../define-command';
import { withKeys } from '../experiment-source';
import { sayWarnings } from '../experiment-warnings';
import { Failure, orFailure } from '../failure';
import type { PageEvent } from '../job';
import { type Output, saveResult } from '../output';
import { dataOption, experimentWord, fileToWrite, outOption, setOption, teacherOptions } from '../shared-options';
import { withTeacher } from '../teacher';
import { checkInitial, readWeights, saveWeights } from '../weights';

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What an evaluation measured: 'validation', 'validation (EMA)'. */
const measured = ({ split, averaged }: EvalMetrics) => (averaged ? `${split} (EMA)` : split);

/** Milliseconds between two lines of progress. */
const LINE_EVERY = 1000;

/** One line a second at most, and everything that happens once. */
function progressLines(output: Output): (event: PageEvent) => void {
  let total = 0;
  let shown = 0;
  let saying = '';
  return (event) => {
    if (event.type === 'ready') {
      const { backend, description, vendor, software } = event.adapter;
      output.stderr(`${backend}: ${description || vendor}${software ? ' (software adapter, expect it slow)' : ''}\n`);
    } else if (event.type === 'progress') {
      if (event.message === saying && performance.now() - shown < LINE_EVERY) return;
      saying = event.message;
      shown = performance.now();
      const share = event.fraction === undefined ? ' ...' : ` ${percent(event.fraction)}`;
      output.stderr(`${event.message}${share}\n`);
    } else if (event.type === 'notice') {
      output.stderr(`${event.message}\n`);
    } else if (event.type === 'waiting') {
      if (event.message === undefined || performance.now() - shown < LINE_EVERY) return;
      shown = performance.now();
      output.stderr(`${event.message} ...\n`);
    } else if (event.type === 'started') {
      total = event.totalUpdates;
      output.stderr(`${event.parameters.toLocaleString('en')} parameters, ${total.toLocaleString('en')} steps\n`);
    } else if (event.type === 'updates') {
      const last = event.metrics.at(-1);
      if (!last || performance.now() - shown < LINE_EVERY) return;
      shown = performance.now();
      const { step, loss, top1, lr, imagesPerSecond } = last;
      output.stderr(
        `step ${step}/${total}  loss ${loss.toFixed(4)}  top-1 ${percent(top1)}  lr ${lr.toPrecision(3)}  ${imagesPerSecond.toFixed(0)} images/s\n`,
      );
    } else if (event.type === 'evaluated') {
      const { loss, top1, top5 } = event.metrics;
      output.stderr(
        `${measured(event.metrics)}: loss ${loss.toFixed(4)}  top-1 ${percent(top1)}  top-5 ${percent(top5)}\n`,
      );
    }
  };
}

/** Says what speaks against training the run in the memory that there is. */
function sayTightness(experiment: Experiment, classes: number | undefined, adapter: AdapterSummary, say: Say): void {
  const { estimatedBytes } = orFailure(() => estimate(experiment, classes ?? expectedFacts(experiment).classes));
  const found = tightness(estimatedBytes, adapter, totalmem());
  if (found) say(`Warning: ${found.impossible ? 'this run does not fit' : 'this run may not fit'}. ${found.message}`);
}

/** Says once that a run diverges in numbers that are still finite. */
function divergenceLines(say: Say): (event: PageEvent) => void {
  let watch = watchDivergence(0);
  return (event) => {
    if (event.type === 'started') watch = watchDivergence(event.classes.length);
    else if (event.type === 'updates') for (const metrics of event.metrics) sayIfAny(watch.update(metrics));
    else if (event.type === 'evaluated') sayIfAny(watch.evaluated(event.metrics));
  };
  function sayIfAny(words: string | undefined): void {
    if (words !== undefined) say(`Warning: ${words}`);
  }
}

/** How many classes the data has, where that is known before its index is read. */
const knownClasses = (experiment: Experiment, data: DataFolder | undefined) =>
  data?.index.classes.length ?? (experiment.dataset === 'wds' ? undefined : expectedFacts(experiment).classes);

/** Where the numbers of a run became none, in words; undefined if they never did. */
function divergence(steps: readonly UpdateMetrics[], evals: readonly EvalMetrics[]): string | undefined {
  const step = steps.find(({ loss }) => !Number.isFinite(loss));
  if (step) return `its training loss is not a number from step ${step.step} on`;
  const evaluation = evals.find(({ loss }) => !Number.isFinite(loss));
  return evaluation && `the loss of its ${measured(evaluation)} after step ${evaluation.step} is not a number`;
}

export const train = defineCommand({
  name: 'train',
  summary: 'trains, in a headless Chromium, with the code of the page',
  words: { experiment: experimentWord },
  options: {
    data: dataOption,
    steps: wholeNumber(1, 'ends the run after N updates'),
    init: text('FILE.safetensors', 'initial weights, with the names that timm gives them'),
    save: fileToWrite('FILE.safetensors', 'writes the trained weights'),
    ema: flag('writes the moving average of the weights instead, which ema=on keeps'),
    ...teacherOptions,
    out: outOption,
    'data-workers': wholeNumber(0, 'workers that decode images'),
    set: setOption,
  },
  examples: [
    'preset:tiny --json',
    'preset:modern --set mixup=off --data DIR --save weights.safetensors',
    'preset:tiny --set seed=2 --teacher weights.safetensors',
  ],
  async run({ experiment: base = defaultExperiment(), set, steps: maxUpdates, ema, save, out, ...given }, output) {
    const say = (line: string) => output.stderr(`${line}\n`);
    const { experiment, teacher } = withTeacher(withKeys(base, set), given, say);
    const data = given.data === undefined ? undefined : dataFolder(given.data);
    const dataWorkers = given['data-workers'];
    if (ema && !(save !== undefined && experiment.on.ema))
      throw new Failure('--ema is for --save: the moving average instead of the weights. It needs --set ema=on.');
    const initial = given.init === undefined ? undefined : readWeights(given.init, experiment, say);
    const classes = knownClasses(experiment, data);
    if (initial) checkInitial(experiment, initial, classes, say);

    sayWarnings(experiment, say);

    let adapter: AdapterSummary | undefined;
    let params = 0;
    const steps: UpdateMetrics[] = [];
    const evals: EvalMetrics[] = [];
    let timing: RunTiming | undefined;
    const progress = progressLines(output);
    const sayDivergence = divergenceLines(say);
    const trained = await runJob(
      {
        command: 'start',
        ...(teacher && { teacher: teacher.network }),
        options: {
          experiment,
          returnWeights: ema ? 'averaged' : save !== undefined,
          ...(maxUpdates !== undefined && { maxUpdates }),
          ...(dataWorkers !== undefined && { dataWorkers }),
        },
      },
      { data: data?.path, weights: initial?.bytes, teacher: teacher?.weights },
      (event) => {
        progress(event);
        sayDivergence(event);
        if (event.type === 'ready') {
          adapter = event.adapter;
          sayTightness(experiment, classes, adapter, say);
        } else if (event.type === 'started') params = event.parameters;
        else if (event.type === 'updates') steps.push(...event.metrics);
        else if (event.type === 'evaluated') evals.push(event.metrics);
        else if (event.type === 'finished') timing = event.timing;
      },
    );
    if (steps.length === 0) throw new Failure('The run ended without a single step.');
    const result = { experiment, adapter, backend: adapter?.backend, params, steps, evals, timing };
    const diverged = divergence(steps, evals);
    if (diverged !== undefined) {
      // Its curve says how it came to that.
      saveResult({ result, out });
      const unsaved = save === undefined ? '' : ` ${save} is not written.`;
      throw new Failure(`The run diverged: ${diverged}.${unsaved} A lower learning rate or a warmup may help.`);
    }
    if (save !== undefined) {
      if (!trained) throw new Failure('The run ended without weights.');
      saveWeights(save, trained);
    }
    const summary = [
      `${steps.length} steps, training loss ${steps.at(-1)?.loss.toFixed(4)}`,
      ...evals
        .filter(({ step }) => step === evals.at(-1)?.step)
        .map(
          (one) =>
            `${measured(one)}: loss ${one.loss.toFixed(4)}, top-1 ${percent(one.top1)}, top-5 ${percent(one.top5)}`,
        ),
    ].join('; ');
    return { result, summary, out };
  },
});
