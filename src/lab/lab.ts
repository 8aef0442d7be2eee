/**
 * The lab: one store of everything that the page knows, and the actions that change it. Without React, window or storage of its
 * own: the worker, the storage, the clock and the other tabs are given to it (ports.ts), so that tests can be the world.
 */
import { createStore } from 'zustand/vanilla';
import { messageOf, sentence } from '../core/message';
import type { Predictions } from '../core/results';
import { toLink } from '../experiment/url';
import { isOpen, type Run } from '../runs/run';
import type { Series } from '../runs/series';
import { createCurves } from './curves';
import { createExperimentActions, type ExperimentActions } from './experiment';
import type { LabPorts } from './ports';
import { type Preferences, preferencesText, readPreferences } from './preferences';
import { pristine } from './pristine';
import { createRecords } from './records';
import { sayDamaged } from './set-aside';
import { sizedTo } from './sizing';
import { dismiss, type LabState, type LabStore, type NoticeKind, notify } from './state';
import { createTraining, type Training } from './training';
import { createWeights, type Weights } from './weights';

export interface LabActions
  extends ExperimentActions,
    Pick<Training, 'start' | 'pause' | 'resume' | 'stop' | 'timeKernels' | 'trainAnyway' | 'setHidden'> {
  /** Deletes a run, ended first if it is in progress. */
  remove(id: string): void;
  /** Brings the run that was deleted last back to its place. */
  undo(): void;
  rename(id: string, name: string): void;
  setVisible(id: string, visible: boolean): void;
  lookAt(id: string | undefined): void;
  pin(id: string | undefined): void;
  prefer(change: Partial<Preferences>): void;
  dismiss(kind: NoticeKind): void;
  importWeights: Weights['bring'];
  removeWeights: Weights['remove'];
  takeWeights: Weights['take'];
  /** Says that something in the page broke, which nobody expected. */
  report(error: unknown): void;
}

export interface Lab {
  store: LabStore;
  actions: LabActions;
  /** Series of a run; an empty one if nothing is known yet. */
  curveOf(id: string): Series;
  /** What the last validation of a run said; undefined if nothing is kept. */
  predictionsOf(id: string): Promise<Predictions | undefined>;
  /** Starts the worker and reads the stored runs. Call once. */
  open(): Promise<void>;
}

/** Longest name of a run. */
const MAX_NAME = 40;

const initial = (preferences: Preferences, { address, computerBytes }: LabPorts): LabState => ({
  experiment: pristine,
  refused: undefined,
  base: address.base,
  mayRead: [],
  sized: false,
  runs: [],
  loaded: false,
  elsewhere: [],
  progress: {},
  performance: {},
  active: undefined,
  queue: [],
  waitingFor: undefined,
  silence: undefined,
  lookedAt: undefined,
  pinned: undefined,
  deleted: undefined,
  tick: 0,
  adapter: undefined,
  computerBytes,
  flops: undefined,
  trainer: 'starting',
  checkpoints: [],
  preferences,
  notices: [],
});

export function createLab(ports: LabPorts): Lab {
  const { storage, tabs, address } = ports;
  const { preferences, damaged } = readPreferences(storage.readPreferences());
  const store: LabStore = createStore(() => initial(preferences, ports));
  sayDamaged(store, damaged);
  // What was said once is mended.
  if (damaged.length > 0) storage.writePreferences(preferencesText(preferences));
  const curves = createCurves();
  const weights = createWeights(store, ports);
  const records = createRecords(store, curves, weights, ports);
  const experiment = createExperimentActions(store, ports);
  const training = createTraining({ store, curves, records, weights, ports, onProbed: sizeToDevice });

  /** Chooses a smaller experiment on a slow device; never touches settings that came from a link or a person. */
  function sizeToDevice(flops: number): void {
    const { active, experiment: current } = store.getState();
    if (address.read() !== '' || active || toLink(current) !== toLink(pristine)) return;
    const smaller = sizedTo(flops);
    if (smaller) experiment.suggest(smaller);
    store.setState({ sized: true });
  }

  const actions: LabActions = {
    ...experiment,
    start: training.start,
    pause: training.pause,
    resume: training.resume,
    stop: training.stop,
    timeKernels: training.timeKernels,
    trainAnyway: training.trainAnyway,
    setHidden: training.setHidden,
    remove(id) {
      training.abandon(id);
      records.remove(id);
    },
    undo: records.restore,
    rename(id, name) {
      const short = name.trim().slice(0, MAX_NAME);
      if (short) records.update(id, { name: short });
    },
    setVisible: (id, visible) => records.update(id, { hidden: !visible }),
    lookAt: (lookedAt) => store.setState({ lookedAt }),
    pin: (pinned) => store.setState({ pinned }),
    prefer(change) {
      store.setState((state) => ({ preferences: { ...state.preferences, ...change } }));
      storage.writePreferences(preferencesText(store.getState().preferences));
    },
    dismiss: (kind) => dismiss(store, kind),
    importWeights: weights.bring,
    removeWeights: weights.remove,
    takeWeights: weights.take,
    report: (error) =>
      notify(store, {
        kind: 'page',
        grave: true,
        title: 'Something in the page broke.',
        message: `${sentence(messageOf(error))} Your runs are kept. If the page misbehaves, reload it; the report says what a developer needs to know.`,
        remedy: 'copy-report',
        error,
      }),
  };

  tabs.listen((message) => {
    switch (message.type) {
      case 'run-changed':
        return void records.refresh(message.id);
      case 'run-removed':
        training.abandon(message.id);
        return records.forget(message.id);
      case 'weights-changed':
        return void weights.refresh();
      default:
        return message satisfies never;
    }
  });

  return {
    store,
    actions,
    curveOf: curves.of,
    predictionsOf: records.predictionsOf,
    async open() {
      const tab = await tabs.join();
      training.open(tab);
      await records.load(tab);
    },
  };
}

/** True while closing the page would lose training. */
export const isBusy = ({ active, queue }: LabState): boolean => active !== undefined || queue.length > 0;

/** A run's state in the words of the table. */
export const stateWord = (run: Run, { queue, elsewhere }: Pick<LabState, 'queue' | 'elsewhere'>): string =>
  queue.includes(run.id)
    ? 'waiting'
    : isOpen(run) && elsewhere.includes(run.id)
      ? `${run.state} in another tab`
      : run.state;
