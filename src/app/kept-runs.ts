/** The runs of the page and their copies in the store: every change goes to both. */
import { messageOf } from '../core/message';
import type { Predictions } from '../core/results';
import { openRunStore, type Run, type RunStore } from '../runs/store';
import { curveOf, forgetCurve, setCurve } from './curves';
import { loadWeights, removeWeights } from './kept-weights';
import { useRuns } from './state';

/** How long a deletion can be undone. */
const UNDO_MS = 12_000;

let store: RunStore | undefined;
let deletedPredictions: Promise<Predictions | undefined> = Promise.resolve(undefined);
let undoTimer: ReturnType<typeof setTimeout> | undefined;

export const isOpen = (run: Run) => run.state === 'preparing' || run.state === 'running' || run.state === 'paused';

export const findRun = (id: string | undefined) => useRuns.getState().runs.find((run) => run.id === id);

async function keep(write: () => Promise<void> | undefined): Promise<void> {
  try {
    await write();
  } catch (error) {
    const why = messageOf(error);
    useRuns.setState({
      storageProblem: `This browser refused to store runs (${why}). They will be gone when the page is closed.`,
    });
  }
}

/** Opens the store and shows what it holds. Call once. */
export async function loadRuns(): Promise<void> {
  await keep(async () => {
    store = await openRunStore();
    const stored = await store.runs();
    await Promise.all(stored.map(async ({ id }) => store && setCurve(id, await store.curve(id))));
    // Whatever was open when the page went away was cut off with it.
    const runs = stored.map((run): Run => (isOpen(run) ? { ...run, state: 'stopped' } : run));
    await Promise.all(runs.filter((run, i) => run !== stored[i]).map((run) => store?.save(run)));
    useRuns.setState((now) => ({ runs: [...runs, ...now.runs], tick: now.tick + 1 }));
    await loadWeights(useRuns.getState().runs);
  });
  useRuns.setState({ loaded: true });
}

/** Changes a run. */
export function updateRun(id: string, change: Partial<Run>): void {
  useRuns.setState(({ runs }) => ({ runs: runs.map((run) => (run.id === id ? { ...run, ...change } : run)) }));
  const run = findRun(id);
  if (run) void keep(() => store?.save(run));
}

/** Stores what the curves have gained. */
export async function saveCurves(): Promise<void> {
  const { runs } = useRuns.getState();
  await keep(async () => {
    for (const { id } of runs) await store?.saveCurve(id, curveOf(id));
  });
}

/** Predictions of runs looked at or validated last: all there is where the browser stores nothing. */
const predictions = new Map<string, Predictions>();
/** Of up to 16 MiB each. */
const PREDICTIONS_IN_MEMORY = 4;

function remember(id: string, found: Predictions): void {
  predictions.delete(id);
  predictions.set(id, found);
  for (const old of [...predictions.keys()].slice(0, -PREDICTIONS_IN_MEMORY)) predictions.delete(old);
}

/** Keeps what a run's validation said of each image, in place of what the one before said. */
export function keepPredictions(id: string, found: Predictions): void {
  remember(id, found);
  void keep(() => store?.savePredictions(id, found));
  updateRun(id, { predictedAt: found.step });
}

/** What the last validation of a run said; undefined if nothing is kept. */
export async function predictionsOf(id: string): Promise<Predictions | undefined> {
  const known = predictions.get(id) ?? (await store?.predictions(id));
  if (known) remember(id, known);
  return known;
}

/** Deletes a run and its curve; restoreRun brings the last one back for a while. */
export function removeRun(id: string): void {
  const run = findRun(id);
  if (!run) return;
  endUndo();
  useRuns.setState(({ runs, queue, tick, lookedAt }) => ({
    runs: runs.filter((other) => other !== run),
    queue: queue.filter((other) => other !== id),
    deleted: isOpen(run) ? { ...run, state: 'stopped' } : run,
    lookedAt: lookedAt === id ? undefined : lookedAt,
    tick: tick + 1,
  }));
  // Read before they are removed, for the way back.
  deletedPredictions = predictionsOf(id).catch(() => undefined);
  void keep(() => store?.remove(id));
  undoTimer = setTimeout(endUndo, UNDO_MS);
}

/** Brings the run that was deleted last back to its place. */
export function restoreRun(): void {
  const { deleted } = useRuns.getState();
  if (!deleted) return;
  clearTimeout(undoTimer);
  useRuns.setState(({ runs, tick }) => ({
    runs: [...runs, deleted].sort((a, b) => a.number - b.number),
    deleted: undefined,
    tick: tick + 1,
  }));
  updateRun(deleted.id, {});
  void saveCurves();
  void deletedPredictions.then((found) => found && keepPredictions(deleted.id, found));
}

function endUndo(): void {
  clearTimeout(undoTimer);
  const { deleted } = useRuns.getState();
  if (!deleted) return;
  forgetCurve(deleted.id);
  void removeWeights(deleted.id);
  predictions.delete(deleted.id);
  deletedPredictions = Promise.resolve(undefined);
  useRuns.setState({ deleted: undefined });
}
