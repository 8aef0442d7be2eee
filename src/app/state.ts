/**
 * What the page shares between its parts. The experiment lives in the address bar: the store follows it, back and forward included.
 * Runs are kept by training.ts, full curves by series (outside React); `tick` says that curves have new points.
 */
import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { OptionValue } from '../catalog/define';
import type { AdapterSummary, PerformanceReport } from '../core/results';
import { type Choice, defaultExperiment, type Experiment, type Problem, switchTrick } from '../experiment/schema';
import { fromLink, toLink } from '../experiment/url';
import type { Axis } from '../runs/rows';
import type { Run } from '../runs/store';
import { splitSearch } from './benchmark/result';

// ---- experiment ------------------------------------------------------------------------------------------------------

interface ExperimentState {
  experiment: Experiment;
  /** What was wrong with the link that the page was opened with, one per bad key. */
  problems: Problem[];
  /** Replaces the experiment; control names what was touched, so that a row of edits of one control is one step back. */
  change(experiment: Experiment, control: string): void;
  setSeed(seed: number): void;
  choose(choice: Choice, id: string): void;
  /** Switches a trick; switching on switches off what it excludes. */
  toggle(trick: string, on: boolean): void;
  /** The value must be in the range of the option's control. */
  setOption(part: string, option: string, value: OptionValue): void;
  /** Puts the switch and the options of a part back to those of the default experiment. */
  reset(part: string): void;
  dismissProblems(): void;
}

let lastEdit = { control: '', at: 0 };

/** Writes the address: a new step of history, or the same one while a control is being dragged or typed in. */
function writeAddress(experiment: Experiment, control: string): void {
  const query = toLink(experiment);
  const address = `${location.pathname}${query ? `?${query}` : ''}${location.hash}`;
  const now = performance.now();
  const same = lastEdit.control === control && now - lastEdit.at < 1500;
  lastEdit = { control, at: now };
  if (same) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

/** What 'changed' and 'reset' refer to. */
export const pristine: Experiment = defaultExperiment();

const fromAddress = () => fromLink(splitSearch(location.search).experiment);

const opened = fromAddress();

export const useExperiment = create<ExperimentState>()((update, get) => ({
  experiment: opened.experiment,
  problems: opened.problems,
  change(experiment, control) {
    update({ experiment });
    writeAddress(experiment, control);
  },
  setSeed(seed) {
    get().change({ ...get().experiment, seed }, 'seed');
  },
  choose(choice, id) {
    get().change({ ...get().experiment, [choice]: id }, choice);
  },
  toggle(trick, on) {
    get().change(switchTrick(get().experiment, trick, on), trick);
  },
  setOption(part, option, value) {
    const { experiment } = get();
    const options = { ...experiment.options, [part]: { ...experiment.options[part], [option]: value } };
    get().change({ ...experiment, options }, `${part}.${option}`);
  },
  reset(part) {
    const { experiment } = get();
    const options = { ...experiment.options, [part]: pristine.options[part] ?? {} };
    const on = pristine.on[part];
    const back = { ...experiment, options };
    get().change(on === undefined ? back : switchTrick(back, part, on), part);
  },
  dismissProblems: () => update({ problems: [] }),
}));

window.addEventListener('popstate', () => {
  lastEdit = { control: '', at: 0 };
  useExperiment.setState(fromAddress());
});

// ---- runs ------------------------------------------------------------------------------------------------------------

interface RunsState {
  /** Oldest first. */
  runs: Run[];
  loaded: boolean;
  /** Why runs can't be kept, '' if they are. */
  storageProblem: string;
  /** What each unfinished run is doing before its first point. */
  progress: Record<string, { message: string; fraction?: number }>;
  /** What an update of each run costs the device. */
  performance: Record<string, PerformanceReport>;
  /** The run that the worker trains. */
  active: string | undefined;
  /** Runs that wait for their turn. */
  queue: string[];
  /** The run under the pointer or the focus: drawn in front while it is. */
  lookedAt: string | undefined;
  /** The run that was asked to stay in front; the newest one if none was. */
  pinned: string | undefined;
  /** The run deleted last, while that can still be undone. */
  deleted: Run | undefined;
  adapter: AdapterSummary | undefined;
  /** Useful FLOP/s of this device, measured. */
  flops: number | undefined;
  /** The page opened without settings and chose an experiment that suits this device. */
  sized: boolean;
  /** Something broke: what, why, what to do. */
  trouble: string;
  /** The run that failed last, since the page was opened. */
  failure: { run: string; message: string } | undefined;
  /** Grows at most four times a second while curves grow. */
  tick: number;
}

export const useRuns = create<RunsState>()(() => ({
  runs: [],
  loaded: false,
  storageProblem: '',
  progress: {},
  performance: {},
  active: undefined,
  queue: [],
  lookedAt: undefined,
  pinned: undefined,
  deleted: undefined,
  adapter: undefined,
  flops: undefined,
  sized: false,
  trouble: '',
  failure: undefined,
  tick: 0,
}));

// ---- preferences -------------------------------------------------------------------------------------------------------

export type { Axis };

interface Preferences {
  axis: Axis;
  /** Weight of the past in the moving average, [0, 1). */
  smoothing: number;
  logLoss: boolean;
  tab: string;
}

export const usePreferences = create<Preferences>()(
  persist((): Preferences => ({ axis: 'step', smoothing: 0.6, logLoss: false, tab: 'runs' }), {
    name: 'tricklab-preferences',
    version: 1,
  }),
);
