/** Training in the page: starts runs in the worker, one after the other, and gathers what it reports. */
import { messageOf } from '../core/message';
import type { StepMetrics } from '../core/results';
import { runName } from '../runs/names';
import type { Run } from '../runs/store';
import type { Event } from '../trainer/protocol';
import { createTrainerClient, type TrainerClient } from './client';
import { curveOf } from './curves';
import { findRun, isOpen, keepPredictions, loadRuns, removeRun, saveCurves, updateRun } from './kept-runs';
import { keepRunWeights, notify, teacherOf, teacherProblem, useKeptWeights } from './kept-weights';
import { holdScreen, releaseScreen } from './screen-lock';
import { sizeToDevice } from './sizing';
import { useExperiment, useRuns } from './state';

/** Metrics reach the page's state at most this often. */
const FLUSH_MS = 250;
/** Curves reach the disk at most this often: a crash costs seconds. */
const SAVE_MS = 2000;
/** More lines than this can't be told apart: older runs are hidden when a new one starts. */
const MOST_VISIBLE = 6;
const PALETTE = 8;

let client: TrainerClient | undefined;
let flushTimer: ReturnType<typeof setTimeout> | undefined;
let lastSave = 0;
const waiting = new Map<string, StepMetrics[]>();

/** Starts the worker and reads the stored runs. Call once. */
export async function openLab(): Promise<void> {
  client = createTrainerClient(receive);
  client.send({ type: 'probe' });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) void saveCurves();
    else {
      if (useRuns.getState().active) void holdScreen();
      useRuns.setState(({ tick }) => ({ tick: tick + 1 }));
    }
  });
  await loadRuns();
}

/** Starts a run of the experiment as it is, or queues it behind the run in progress. */
export function train(): void {
  const { experiment } = useExperiment.getState();
  const problem = teacherProblem(experiment);
  if (problem) {
    notify("Training can't start.", problem);
    return;
  }
  useKeptWeights.setState({ notice: undefined });
  const { runs, adapter, active, deleted } = useRuns.getState();
  const number = [...runs, ...(deleted ? [deleted] : [])].reduce((most, run) => Math.max(most, run.number), -1) + 1;
  const run: Run = {
    // Readable, because a link may name a run as a teacher.
    id: `${runName(number)}-${Date.now().toString(36)}`,
    number,
    name: runName(number),
    color: number % PALETTE,
    experiment,
    created: Date.now(),
    state: 'preparing',
    ...(adapter ? { adapter } : {}),
    hidden: false,
    summary: { step: 0, epoch: 0, timeMs: 0 },
  };
  const visible = runs.filter((other) => !other.hidden && !isOpen(other));
  const surplus = Math.max(0, visible.length + 1 - MOST_VISIBLE);
  for (const { id } of visible.slice(0, surplus)) updateRun(id, { hidden: true });
  useRuns.setState((now) => ({ runs: [...now.runs, run], pinned: undefined }));
  updateRun(run.id, {});
  if (active) {
    useRuns.setState(({ queue, progress }) => ({
      queue: [...queue, run.id],
      progress: { ...progress, [run.id]: { message: 'Waiting for the run before it' } },
    }));
  } else launch(run);
}

function launch(run: Run): void {
  useRuns.setState(({ progress }) => ({
    active: run.id,
    trouble: '',
    failure: undefined,
    progress: { ...progress, [run.id]: { message: 'Starting' } },
  }));
  void holdScreen();
  void begin(run);
}

/** Fetches the teacher, if there is one, and hands all to the worker. */
async function begin({ id, experiment }: Run): Promise<void> {
  try {
    const teacher = await teacherOf(experiment);
    // Deleted, or the worker lost, meanwhile.
    if (!findRun(id)) finish(id, { state: 'stopped' });
    else if (useRuns.getState().active === id)
      client?.start(id, { experiment, returnWeights: true, ...(teacher && { teacher }) });
  } catch (error) {
    receive({ type: 'failed', session: id, message: messageOf(error) });
  }
}

const command = (type: 'pause' | 'resume' | 'stop' | 'time-kernels') => () => {
  const { active } = useRuns.getState();
  if (active) client?.send({ type, session: active });
};
export const pause = command('pause');
export const resume = command('resume');
/** Asks for the GPU time of the next update by kernel. */
export const timeKernels = command('time-kernels');

/** Ends the run in progress; the next one that waits begins. */
export const stop = command('stop');

/** Deletes a run, ended first if it is in progress. */
export function deleteRun(id: string): void {
  if (useRuns.getState().active === id) stop();
  removeRun(id);
}

// ---- events ------------------------------------------------------------------------------------------------------------

function receive(event: Event): void {
  switch (event.type) {
    case 'ready':
      useRuns.setState({ adapter: event.adapter });
      return;
    case 'probed':
      useRuns.setState({ flops: event.flops });
      sizeToDevice(event.flops);
      return;
    case 'progress':
      if (findRun(event.session)) {
        const { message, fraction } = event;
        useRuns.setState(({ progress }) => ({
          progress: { ...progress, [event.session]: { message, ...(fraction === undefined ? {} : { fraction }) } },
        }));
      }
      return;
    case 'waiting':
    case 'notice':
      if (findRun(event.session) && event.message !== undefined) {
        const { message } = event;
        useRuns.setState(({ progress }) => ({ progress: { ...progress, [event.session]: { message } } }));
      }
      return;
    case 'started': {
      const { parameters, stepsPerEpoch, totalSteps } = event;
      const { adapter } = useRuns.getState();
      updateRun(event.session, { parameters, stepsPerEpoch, totalSteps, ...(adapter ? { adapter } : {}) });
      return;
    }
    case 'steps':
      if (!findRun(event.session)) return;
      waiting.set(event.session, [...(waiting.get(event.session) ?? []), ...event.metrics]);
      scheduleFlush();
      return;
    case 'evaluated':
      if (!findRun(event.session)) return;
      curveOf(event.session).evaluate(event.metrics);
      scheduleFlush();
      return;
    case 'predictions':
      if (findRun(event.session)) keepPredictions(event.session, event.predictions);
      return;
    case 'performance':
      useRuns.setState(({ performance }) => ({ performance: { ...performance, [event.session]: event.report } }));
      return;
    case 'paused':
    case 'resumed':
      flush();
      updateRun(event.session, { state: event.type === 'paused' ? 'paused' : 'running' });
      return;
    case 'finished':
      finish(event.session, { state: event.reason === 'done' ? 'finished' : 'stopped' });
      keepWhatItLearned(event.session, event.weights);
      return;
    case 'failed':
      useRuns.setState({ failure: { run: findRun(event.session)?.name ?? 'The run', message: event.message } });
      finish(event.session, { state: 'failed', message: event.message });
      return;
    case 'device-lost': {
      const { active, queue, adapter } = useRuns.getState();
      useRuns.setState({ queue: [] });
      for (const id of [...(active ? [active] : []), ...queue]) finish(id, { state: 'failed', message: event.message });
      useRuns.setState({ adapter: undefined, trouble: event.message });
      // A worker that never found a device would only fail again.
      if (adapter) client?.restart();
      return;
    }
    case 'predicted':
      return;
    default:
      event satisfies never;
  }
}

function finish(id: string, end: Partial<Run>): void {
  flush();
  updateRun(id, end);
  void saveCurves();
  useRuns.setState(({ active, progress: { [id]: _gone, ...progress }, queue }) => ({
    progress,
    active: active === id ? undefined : active,
    queue: queue.filter((other) => other !== id),
  }));
  const { active, queue } = useRuns.getState();
  const next = findRun(queue[0]);
  if (!active && next) {
    useRuns.setState({ queue: queue.slice(1) });
    launch(next);
  } else if (!active) releaseScreen();
}

function keepWhatItLearned(id: string, weights: ArrayBuffer | undefined): void {
  const run = findRun(id);
  // A run that was stopped before its first update has learned nothing; one that was deleted wants nothing kept.
  if (run && weights && run.summary.step > 0) void keepRunWeights(run, weights);
}

function scheduleFlush(): void {
  flushTimer ??= setTimeout(flush, FLUSH_MS);
}

function flush(): void {
  clearTimeout(flushTimer);
  flushTimer = undefined;
  for (const [id, metrics] of waiting) curveOf(id).append(metrics);
  waiting.clear();
  const { active } = useRuns.getState();
  const run = findRun(active);
  if (!run) return;
  const summary = summarize(run.id);
  const begun = run.state === 'preparing' && summary.step > 0;
  useRuns.setState(({ runs, tick }) => ({
    runs: runs.map((other) =>
      other.id === run.id ? { ...other, summary, ...(begun ? { state: 'running' } : {}) } : other,
    ),
    // A hidden tab draws nothing.
    tick: document.hidden ? tick : tick + 1,
  }));
  if (performance.now() - lastSave > SAVE_MS) {
    lastSave = performance.now();
    updateRun(run.id, {});
    void saveCurves();
  }
}

/** Where a run stands: training loss and speed over its last steps, validation as last measured. */
function summarize(id: string): Run['summary'] {
  const series = curveOf(id);
  const evaluation = series.lastEvaluation();
  const averaged = series.lastEvaluation(true);
  const steps = series.length;
  return {
    step: series.last('step') ?? 0,
    epoch: series.last('epoch') ?? 0,
    timeMs: series.last('timeMs') ?? 0,
    ...(steps
      ? { trainLoss: series.recentMean('loss', 20), imagesPerSecond: series.throughput().at(-1) ?? Number.NaN }
      : {}),
    ...(evaluation ? { validationLoss: evaluation.loss, top1: evaluation.top1, top5: evaluation.top5 } : {}),
    ...(averaged ? { averagedTop1: averaged.top1 } : {}),
  };
}
