/** `train`: a whole run without a page on the screen, with the very code that the page trains with. */
import type { AdapterSummary, EvalMetrics, StepMetrics } from '../core/results';
import { defaultExperiment } from '../experiment/schema';
import type { RunTiming } from '../trainer/protocol';
import { readArguments, wholeNumber } from './arguments';
import { dataInfoUrl, runJob } from './browser-job';
import { dataFolder } from './data-folder';
import { readExperiment, withKeys } from './experiment-source';
import { Failure } from './failure';
import type { PageEvent } from './job';
import { answer, type Output, save } from './output';
import { withTeacher } from './teacher';
import { readWeights } from './weights';

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
      total = event.totalSteps;
      output.stderr(`${event.parameters.toLocaleString('en')} parameters, ${total.toLocaleString('en')} steps\n`);
    } else if (event.type === 'steps') {
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

export async function train(argv: readonly string[], output: Output): Promise<void> {
  const named = ['data', 'steps', 'init', 'save', 'out', 'data-workers', 'teacher', 'teacher-model'];
  const args = readArguments(argv, named, 1, ['ema']);
  const word = args.words[0];
  const asked = withKeys(word === undefined ? defaultExperiment() : readExperiment(word), args.set);
  const { experiment, teacher } = withTeacher(asked, args.values);
  const data = args.values.data === undefined ? undefined : dataFolder(args.values.data);
  const maxSteps = wholeNumber(args, 'steps', 1);
  const dataWorkers = wholeNumber(args, 'data-workers', 0);
  const averaged = args.flags.has('ema');
  if (averaged && !(args.values.save !== undefined && experiment.on.ema))
    throw new Failure('--ema is for --save: the moving average instead of the weights. It needs --set ema=on.');
  const weights = readWeights(args.values.init);

  let adapter: AdapterSummary | undefined;
  let params = 0;
  const steps: StepMetrics[] = [];
  const evals: EvalMetrics[] = [];
  let timing: RunTiming | undefined;
  const progress = progressLines(output);
  const trained = await runJob(
    {
      command: 'start',
      initialWeights: weights !== undefined,
      ...(teacher && { teacher: teacher.network }),
      options: {
        experiment,
        returnWeights: averaged ? 'averaged' : args.values.save !== undefined,
        ...(data && { data: { infoUrl: dataInfoUrl } }),
        ...(maxSteps !== undefined && { maxSteps }),
        ...(dataWorkers !== undefined && { dataWorkers }),
      },
    },
    { data: data?.path, weights, teacher: teacher?.weights },
    (event) => {
      progress(event);
      if (event.type === 'ready') adapter = event.adapter;
      else if (event.type === 'started') params = event.parameters;
      else if (event.type === 'steps') steps.push(...event.metrics);
      else if (event.type === 'evaluated') evals.push(event.metrics);
      else if (event.type === 'finished') timing = event.timing;
    },
  );
  if (steps.length === 0) throw new Failure('The run ended without a single step.');
  if (args.values.save !== undefined) {
    if (!trained) throw new Failure('The run ended without weights.');
    save(args.values.save, trained);
  }
  const result = { experiment, adapter, backend: adapter?.backend, params, steps, evals, timing };
  const trainedLine = `${steps.length} steps, training loss ${steps.at(-1)?.loss.toFixed(4)}`;
  const summary = [
    trainedLine,
    ...evals
      .filter(({ step }) => step === evals.at(-1)?.step)
      .map(
        (one) =>
          `${measured(one)}: loss ${one.loss.toFixed(4)}, top-1 ${percent(one.top1)}, top-5 ${percent(one.top5)}`,
      ),
  ].join('; ');
  answer(output, result, summary, { json: args.json, file: args.values.out });
}
