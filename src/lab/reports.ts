/** What the worker reports of a run in progress, gathered and passed on at the pace that a page can take. */
import type { UpdateMetrics } from '../core/results';
import { type DivergenceWatch, watchDivergence } from '../runs/divergence';
import type { Run } from '../runs/run';
import { summaryOf } from '../runs/summary';
import type { Event } from '../trainer/protocol';
import type { Curves } from './curves';
import type { Clock } from './ports';
import type { Records } from './records';
import { findRun, type LabStore, notify } from './state';

/** Metrics reach the page's state at most this often. */
const FLUSH_MS = 250;
/** Curves reach the disk at most this often: a crash costs seconds. */
const SAVE_MS = 2000;

/** What is said of a run while it goes on. */
export type Report = Extract<
  Event,
  {
    type:
      | 'progress'
      | 'waiting'
      | 'notice'
      | 'started'
      | 'updates'
      | 'evaluated'
      | 'predictions'
      | 'performance'
      | 'paused'
      | 'resumed'
      | 'predicted';
  }
>;

export interface Reports {
  receive(report: Report): void;
  /** Passes on what has gathered. */
  flush(): void;
  /** A hidden page draws nothing. */
  setHidden(hidden: boolean): void;
}

interface Deps {
  store: LabStore;
  curves: Curves;
  records: Records;
  clock: Clock;
}

export function createReports({ store, curves, records, clock }: Deps): Reports {
  const watches = new Map<string, DivergenceWatch>();
  const waiting = new Map<string, UpdateMetrics[]>();
  let cancelFlush: (() => void) | undefined;
  let savedAt = Number.NEGATIVE_INFINITY;
  let hidden = false;

  function sayDivergence({ name }: Run, words: string | undefined): void {
    if (words !== undefined) {
      notify(store, { kind: 'divergence', grave: true, title: `${name} diverges.`, message: words });
    }
  }

  function scheduleFlush(): void {
    cancelFlush ??= clock.after(FLUSH_MS, flush);
  }

  function flush(): void {
    cancelFlush?.();
    cancelFlush = undefined;
    for (const [id, metrics] of waiting) curves.of(id).append(metrics);
    waiting.clear();
    const run = findRun(store.getState(), store.getState().active);
    if (!run) return;
    const summary = summaryOf(curves.of(run.id));
    const state = run.state === 'preparing' && summary.step > 0 ? 'running' : run.state;
    store.setState(({ runs, tick }) => ({
      runs: runs.map((other) => (other.id === run.id ? { ...other, summary, state } : other)),
      tick: hidden ? tick : tick + 1,
    }));
    if (clock.elapsed() - savedAt < SAVE_MS) return;
    savedAt = clock.elapsed();
    records.update(run.id, { summary, state });
  }

  return {
    receive(report) {
      const { session } = report;
      // Nothing is said of a run that was deleted.
      const run = findRun(store.getState(), session);
      if (!run) return;
      switch (report.type) {
        case 'progress': {
          const { message, fraction } = report;
          store.setState(({ progress }) => ({
            progress: { ...progress, [session]: { message, ...(fraction === undefined ? {} : { fraction }) } },
          }));
          break;
        }
        case 'waiting':
          store.setState({ waitingFor: report.message });
          break;
        case 'notice':
          notify(store, {
            kind: 'data',
            grave: false,
            title: `About the data of ${run.name}.`,
            message: report.message,
          });
          break;
        case 'started': {
          const { adapter } = store.getState();
          const { parameters, updatesPerEpoch: stepsPerEpoch, totalUpdates: totalSteps } = report;
          watches.set(session, watchDivergence(report.classes.length));
          records.update(session, { parameters, stepsPerEpoch, totalSteps, ...(adapter ? { adapter } : {}) });
          break;
        }
        case 'updates':
          for (const metrics of report.metrics) sayDivergence(run, watches.get(session)?.update(metrics));
          waiting.set(session, [...(waiting.get(session) ?? []), ...report.metrics]);
          scheduleFlush();
          break;
        case 'evaluated':
          sayDivergence(run, watches.get(session)?.evaluated(report.metrics));
          curves.of(session).evaluate(report.metrics);
          scheduleFlush();
          break;
        case 'predictions':
          records.keepPredictions(session, report.predictions);
          break;
        case 'performance':
          store.setState(({ performance }) => ({ performance: { ...performance, [session]: report.report } }));
          break;
        case 'paused':
        case 'resumed':
          flush();
          records.update(session, { state: report.type === 'paused' ? 'paused' : 'running' });
          break;
        case 'predicted':
          break;
        default:
          report satisfies never;
      }
    },
    flush,
    setHidden(now) {
      hidden = now;
      if (hidden) records.save(store.getState().active);
      else store.setState(({ tick }) => ({ tick: tick + 1 }));
    },
  };
}
