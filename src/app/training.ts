/** Runs of the page: starts them in the worker, gathers what it reports, keeps them in the store. */
import type { StepMetrics } from '../core/results';
import { runName } from '../runs/names';
import { openRunStore, type Run, type RunStore } from '../runs/store';
import type { Event } from '../trainer/protocol';
import { createTrainerClient, type TrainerClient } from './client';
import { curveOf, forgetCurve, setCurve } from './curves';
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
let store: RunStore | undefined;
let flushTimer: ReturnType<typeof setTimeout> | undefined;
let lastSave = 0;
const waiting = new Map<string, StepMetrics[]>();

const isOpen = (run: Run) => run.state === 'preparing' || run.state === 'running' || run.state === 'paused';

export const findRun = (id: string | undefined) => useRuns.getState().runs.find((run) => run.id === id);

/** Changes a run in the page and in the store. */
export function updateRun(id: string, change: Partial<Run>): void {
  useRuns.setState(({ runs }) => ({ runs: runs.map((run) => (run.id === id ? { ...run, ...change } : run)) }));
  const run = findRun(id);
  if (run) void keep(() => store?.save(run));
}

async function keep(write: () => Promise<void> | undefined): Promise<void> {
  try {
    await write();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    useRuns.setState({
      storageProblem: `This browser refused to store runs (${why}). They will be gone when the page is closed.`,
    });
  }
}

/** Reads the stored runs and starts the worker. Call once. */
export async function openLab(): Promise<void> {
  client = createTrainerClient(receive);
  client.send({ type: 'probe' });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) void saveCurves();
    else useRuns.setState(({ tick }) => ({ tick: tick + 1 }));
  });
  await keep(async () => {
    store = await openRunStore();
    const stored = await store.runs();
    await Promise.all(stored.map(async ({ id }) => store && setCurve(id, await store.curve(id))));
    // Whatever was open when the page went away was cut off with it.
    const runs = stored.map((run): Run => (isOpen(run) ? { ...run, state: 'stopped' } : run));
    await Promise.all(runs.filter((run, i) => run !== stored[i]).map((run) => store?.save(run)));
    useRuns.setState((now) => ({ runs: [...runs, ...now.runs], tick: now.tick + 1 }));
  });
  useRuns.setState({ loaded: true });
}

/** Starts a run of the experiment as it is, or queues it behind the run in progress. */
export function train(): void {
  const { runs, adapter, active } = useRuns.getState();
  const number = runs.reduce((most, run) => Math.max(most, run.number), -1) + 1;
  const run: Run = {
    id: `${number}-${Date.now().toString(36)}`,
    number,
    name: runName(number),
    color: number % PALETTE,
    experiment: useExperiment.getState().experiment,
    created: Date.now(),
    state: 'preparing',
    ...(adapter ? { adapter } : {}),
    hidden: false,
    summary: { step: 0, epoch: 0, timeMs: 0 },
  };
  const visible = runs.filter((other) => !other.hidden && !isOpen(other));
  const surplus = new Set(visible.slice(0, Math.max(0, visible.length + 1 - MOST_VISIBLE)).map(({ id }) => id));
  useRuns.setState({
    runs: [...runs.map((other) => (surplus.has(other.id) ? { ...other, hidden: true } : other)), run],
  });
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
    progress: { ...progress, [run.id]: { message: 'Starting' } },
  }));
  client?.start(run.id, { experiment: run.experiment });
  void holdScreen();
}

const command = (type: 'pause' | 'resume' | 'stop') => () => {
  const { active } = useRuns.getState();
  if (active) client?.send({ type, session: active });
};
export const pause = command('pause');
export const resume = command('resume');

/** Stops the run in progress; a run that has not begun is taken out of the queue with it. */
export const stop = command('stop');

export function removeRun(id: string): void {
  const { active } = useRuns.getState();
  if (active === id) stop();
  useRuns.setState(({ runs, queue, tick }) => ({
    runs: runs.filter((run) => run.id !== id),
    queue: queue.filter((other) => other !== id),
    tick: tick + 1,
  }));
  forgetCurve(id);
  void keep(() => store?.remove(id));
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
    case 'paused':
    case 'resumed':
      flush();
      updateRun(event.session, { state: event.type === 'paused' ? 'paused' : 'running' });
      return;
    case 'finished':
      finish(event.session, { state: event.reason === 'done' ? 'finished' : 'stopped' });
      return;
    case 'failed':
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
    updateRun(run.id, {});
    void saveCurves();
  }
}

/** Where a run stands: training loss and speed over its last steps, validation as last measured. */
function summarize(id: string): Run['summary'] {
  const series = curveOf(id);
  const evaluation = series.evaluations.findLast(({ split }) => split === 'validation') ?? series.evaluations.at(-1);
  const steps = series.length;
  return {
    step: series.last('step') ?? 0,
    epoch: series.last('epoch') ?? 0,
    timeMs: series.last('timeMs') ?? 0,
    ...(steps
      ? { trainLoss: series.recentMean('loss', 20), imagesPerSecond: series.recentMean('imagesPerSecond', 20) }
      : {}),
    ...(evaluation ? { validationLoss: evaluation.loss, top1: evaluation.top1, top5: evaluation.top5 } : {}),
  };
}

async function saveCurves(): Promise<void> {
  lastSave = performance.now();
  const { runs } = useRuns.getState();
  await keep(async () => {
    for (const { id } of runs) await store?.saveCurve(id, curveOf(id));
  });
}

// ---- screen --------------------------------------------------------------------------------------------------------------

let screenLock: WakeLockSentinel | undefined;

/** Keeps the screen on while training; a browser that refuses (battery, no support) is no error. */
async function holdScreen(): Promise<void> {
  try {
    screenLock ??= await navigator.wakeLock?.request('screen');
  } catch {
    screenLock = undefined;
  }
}

function releaseScreen(): void {
  void screenLock?.release();
  screenLock = undefined;
}
