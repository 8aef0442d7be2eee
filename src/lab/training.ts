/** Training: one run at a time in the worker, the others in a queue behind it, whatever happens to the worker. */
import { messageOf } from '../core/message';
import type { AdapterSummary } from '../core/results';
import type { Experiment } from '../experiment/schema';
import { runName } from '../runs/names';
import { isOpen, type Run } from '../runs/run';
import type { TeacherWeights } from '../trainer/protocol';
import type { Curves } from './curves';
import { foreignDataNotice } from './experiment';
import { unreadForeignData } from './foreign-data';
import type { LabPorts } from './ports';
import type { Records } from './records';
import { createReports } from './reports';
import { roomProblem } from './room';
import { dismiss, findRun, type LabStore, notify } from './state';
import { createTrainerLine, type WorkerEvent } from './trainer-line';
import type { Weights } from './weights';

/** More lines than this can't be told apart: older runs are hidden when a new one starts. */
const MOST_VISIBLE = 6;
const PALETTE = 8;
/** A worker that has not ended a run by then is ended itself. */
const STOP_MS = 5000;
/** Chrome gives a page no GPU any more after as many crashes. */
const LOSSES_TO_RESTART = 2;

export interface Training {
  /** Looks for a device, so that the form can tell what an experiment costs. tab: this one's name. */
  open(tab: string): void;
  /**
   * Starts a run of the experiment as it is, or queues it behind the run in progress. One whose data lie at another site that
   * nobody has allowed to be read is not started: that is asked first.
   */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends the run in progress; the next one that waits begins. */
  stop(): void;
  /** Asks for the GPU time of the next update by kernel. */
  timeKernels(): void;
  /** Ends a run that is to be deleted, wherever it stands. */
  abandon(id: string): void;
  /** Goes on with the queue on whatever backend there is. */
  trainAnyway(): void;
  /** A hidden page draws nothing. */
  setHidden(hidden: boolean): void;
}

interface Deps {
  store: LabStore;
  curves: Curves;
  records: Records;
  weights: Weights;
  ports: LabPorts;
  /** The device's rate was measured, FLOP/s. */
  onProbed(flops: number): void;
}

export function createTraining({ store, curves, records, weights, ports, onProbed }: Deps): Training {
  const { clock, screen } = ports;
  let tab = '';
  /** Ready for the worker, once the worker is. */
  let offered: { run: Run; experiment: Experiment; teacher: TeacherWeights | undefined } | undefined;
  /** The run that the worker has; it may be one that is deleted and has yet to end. */
  let posted: string | undefined;
  /** Prevents that the worker is ended for not answering Stop; there while it is asked to. */
  let cancelStop: (() => void) | undefined;
  let losses = 0;
  /** What a run was trained on before the GPU was lost: nothing else is taken without being asked. */
  let expected: AdapterSummary['backend'] | undefined;
  /** Presses of Train, one after the other: each run's number is the store's. */
  let starting: Promise<void> = Promise.resolve();

  const reports = createReports({ store, curves, records, clock });

  const line = createTrainerLine(ports.openTrainer, clock, {
    event: receive,
    broken(message, before) {
      lose(message, {
        title: before === 'ready' ? 'The GPU or its worker stopped.' : 'The training worker could not start.',
        message: `${message} Curves that were drawn are kept. Press Train to start again; if it happens at once, reload the page.`,
        // A worker that never found a device would only fail again.
        goOn: before === 'ready',
      });
    },
    silent: (silence) => store.setState({ silence }),
  });

  const openLine = () => {
    if (line.isOpen) return;
    store.setState({ trainer: 'starting' });
    line.open(store.getState().flops === undefined);
  };

  /** Gives the worker the run that is offered, when both are ready. */
  function post(): void {
    if (!offered || posted !== undefined) return;
    openLine();
    line.watch(true);
    if (!line.adapter) return;
    if (expected && line.adapter.backend !== expected) {
      holdBack(line.adapter.backend);
      return;
    }
    const { run, experiment, teacher } = offered;
    offered = undefined;
    posted = run.id;
    const command = { type: 'start', session: run.id, experiment, returnWeights: true } as const;
    // The teacher's weights are not needed here again; a copy of them would take as much memory.
    line.send({ ...command, ...(teacher && { teacher }) }, teacher ? [teacher.weights] : []);
  }

  /** Puts the run that was to begin back into the queue: it would be trained on something many times slower. */
  function holdBack(backend: AdapterSummary['backend']): void {
    const { active, queue } = store.getState();
    offered = undefined;
    store.setState({ active: undefined, queue: active ? [active, ...queue] : queue });
    screen.release();
    notify(store, {
      kind: 'trainer',
      grave: true,
      title: 'The GPU did not come back.',
      message: `Restart the browser: after a crash it may refuse WebGPU until then. Only ${backend} is left, which is many times slower; the runs that wait are not trained on it unless you say so.`,
      remedy: 'train-anyway',
    });
  }

  /** Begins the next run that waits, if none is in progress. */
  function advance(): void {
    const { active, queue } = store.getState();
    if (active) return;
    const next = queue.map((id) => findRun(store.getState(), id)).find((run) => run !== undefined);
    if (!next) {
      screen.release();
      return;
    }
    store.setState(({ queue: ids, progress }) => ({
      active: next.id,
      queue: ids.filter((id) => id !== next.id),
      progress: { ...progress, [next.id]: { message: 'Starting' } },
    }));
    screen.hold();
    void offer(next);
  }

  async function offer(run: Run): Promise<void> {
    const { id, experiment } = run;
    try {
      if (!experiment) throw new Error(`The settings of ${run.name} can't be read.`);
      const teacher = await weights.teacherOf(experiment);
      // Deleted or stopped meanwhile.
      if (store.getState().active !== id) return;
      offered = { run, experiment, teacher };
      post();
    } catch (error) {
      fail(id, messageOf(error));
    }
  }

  async function begin(experiment: Experiment): Promise<void> {
    const { adapter } = store.getState();
    const created = clock.now();
    const run = await records.add((number) => ({
      // Readable, because a link may name a run as a teacher.
      id: `${runName(number)}-${created.toString(36)}`,
      number,
      name: runName(number),
      color: number % PALETTE,
      experiment,
      created,
      state: 'preparing',
      tab,
      ...(adapter ? { adapter } : {}),
      hidden: false,
      summary: { step: 0, epoch: 0, timeMs: 0 },
    }));
    const visible = store.getState().runs.filter((other) => !other.hidden && !isOpen(other));
    const surplus = Math.max(0, visible.length + 1 - MOST_VISIBLE);
    for (const { id } of visible.slice(0, surplus)) records.update(id, { hidden: true });
    store.setState(({ queue, progress }) => ({
      pinned: undefined,
      queue: [...queue, run.id],
      progress: { ...progress, [run.id]: { message: 'Waiting for the run before it' } },
    }));
    advance();
  }

  function receive(event: WorkerEvent): void {
    switch (event.type) {
      case 'ready':
        store.setState({ adapter: event.adapter, trainer: 'ready' });
        post();
        break;
      case 'not-ready':
        line.close();
        lose(event.message, {
          title: 'Nothing here can train.',
          message: `${event.message} Press Train to look for a device again.`,
          goOn: false,
        });
        break;
      case 'probed':
        if (event.flops === undefined) break;
        store.setState({ flops: event.flops });
        onProbed(event.flops);
        break;
      case 'finished':
        end(event.session, { state: event.reason === 'done' ? 'finished' : 'stopped' });
        keepLearned(event.session, event.weights);
        break;
      case 'failed':
        fail(event.session, event.message);
        keepLearned(event.session, event.weights);
        break;
      case 'device-lost':
        loseDevice();
        break;
      default:
        reports.receive(event);
    }
  }

  function keepLearned(id: string, learned: ArrayBuffer | undefined): void {
    const run = findRun(store.getState(), id);
    // A run that ended before its first update has learned nothing; one that was deleted wants nothing kept.
    if (run && learned && run.summary.step > 0) void weights.keepOfRun(run, learned);
  }

  function loseDevice(): void {
    losses++;
    expected ??= line.adapter?.backend;
    line.close();
    const again = losses < LOSSES_TO_RESTART;
    lose('The GPU was lost while this run trained.', {
      title: again ? 'The GPU was lost.' : 'The GPU was lost again.',
      message: again
        ? 'Its driver or its process crashed. Curves that were drawn are kept, and runs that waited go on.'
        : 'Restart the browser before you train on: after two crashes it may refuse WebGPU. Runs that wait stay in the queue until you press Train.',
      goOn: again,
    });
  }

  /** The worker is gone, and the run in it. goOn: with a new worker and the run that waits next. */
  function lose(
    message: string,
    { title, message: words, goOn }: { title: string; message: string; goOn: boolean },
  ): void {
    store.setState({ adapter: undefined, trainer: 'gone' });
    const { active } = store.getState();
    // A run that waits for the end of one that was deleted is not in the worker yet.
    const hit = posted === active || !goOn;
    forgetPosted();
    if (hit) offered = undefined;
    if (hit && active) settle(active, { state: 'failed', message });
    notify(store, { kind: 'trainer', grave: true, title, message: words });
    if (!goOn) {
      screen.release();
      return;
    }
    openLine();
    post();
    advance();
  }

  function fail(id: string, message: string): void {
    const run = findRun(store.getState(), id);
    if (run) notify(store, { kind: 'run', grave: true, title: `${run.name} failed.`, message });
    end(id, { state: 'failed', message });
  }

  /** A run has ended, in the worker or before it got there: the next one begins. */
  function end(id: string, change: Partial<Run>): void {
    if (posted === id) forgetPosted();
    settle(id, change);
    post();
    advance();
  }

  function forgetPosted(): void {
    posted = undefined;
    cancelStop?.();
    cancelStop = undefined;
    line.watch(false);
  }

  /** Takes back a run that the worker has not got. A worker that is not ready may never be: the next run gets another. */
  function withdraw(): void {
    offered = undefined;
    line.watch(false);
    if (line.adapter) return;
    line.close();
    store.setState({ trainer: 'gone' });
  }

  /** Writes down how a run ended. */
  function settle(id: string, change: Partial<Run>): void {
    reports.flush();
    const run = findRun(store.getState(), id);
    if (run) records.update(id, { summary: run.summary, ...change });
    store.setState(({ active, progress: { [id]: _gone, ...progress }, queue }) => ({
      progress,
      active: active === id ? undefined : active,
      waitingFor: undefined,
      queue: queue.filter((other) => other !== id),
    }));
  }

  /** Asks the worker to end what it trains, and ends the worker if it does not. */
  function endPosted(): void {
    const id = posted;
    // A second press gives no more time.
    if (id === undefined || cancelStop) return;
    line.send({ type: 'stop', session: id });
    cancelStop = clock.after(STOP_MS, () => {
      line.close();
      const run = findRun(store.getState(), id);
      const message = `The training worker did not answer Stop for ${STOP_MS / 1000} seconds, so it was ended: the curve is kept, the weights are lost.`;
      if (run) notify(store, { kind: 'trainer', grave: false, title: `${run.name} was ended by force.`, message });
      store.setState({ trainer: 'gone' });
      openLine();
      end(id, { state: 'stopped', message });
    });
  }

  const command = (type: 'pause' | 'resume' | 'time-kernels') => () => {
    if (posted !== undefined && posted === store.getState().active) line.send({ type, session: posted });
  };

  return {
    open(name) {
      tab = name;
      openLine();
    },
    start() {
      const { experiment } = store.getState();
      const problem = weights.teacherProblem(experiment);
      if (problem) {
        notify(store, { kind: 'weights', grave: false, title: "Training can't start.", message: problem });
        return Promise.resolve();
      }
      const foreign = unreadForeignData(experiment, store.getState());
      if (foreign) {
        notify(store, foreignDataNotice(foreign));
        return Promise.resolve();
      }
      const room = roomProblem(experiment, store.getState());
      if (room?.impossible) {
        notify(store, {
          kind: 'memory',
          grave: true,
          title: 'This experiment has no room on this device.',
          message: room.smaller ? `${room.message} It would fit with ${room.smaller.words}.` : room.message,
        });
        return Promise.resolve();
      }
      for (const kind of ['weights', 'trainer', 'run', 'divergence', 'memory', 'data'] as const) dismiss(store, kind);
      starting = starting.then(() => begin(experiment));
      return starting;
    },
    pause: command('pause'),
    resume: command('resume'),
    timeKernels: command('time-kernels'),
    stop() {
      const { active } = store.getState();
      if (active === undefined) return;
      if (posted === active) {
        endPosted();
        return;
      }
      if (posted === undefined) withdraw();
      else offered = undefined;
      end(active, { state: 'stopped' });
    },
    abandon(id) {
      if (store.getState().active !== id) return;
      if (posted === id) endPosted();
      else if (posted === undefined) withdraw();
      else offered = undefined;
      settle(id, { state: 'stopped' });
      advance();
    },
    trainAnyway() {
      expected = undefined;
      dismiss(store, 'trainer');
      advance();
    },
    setHidden(hidden) {
      if (!hidden && store.getState().active) screen.hold();
      reports.setHidden(hidden);
    },
  };
}
