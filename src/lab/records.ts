/**
 * The runs that are shown and their copies in the store, which other tabs share. Every change goes to both; what the store
 * refuses is offered again with the next change.
 */
import { messageOf, sentence } from '../core/message';
import type { Predictions } from '../core/results';
import { DatabaseBlocked } from '../platform/database';
import { isOpen, type Run } from '../runs/run';
import type { Removed } from '../runs/store';
import type { Curves } from './curves';
import type { LabPorts } from './ports';
import { rememberPredictions } from './predictions';
import { sayUnreadable } from './set-aside';
import { dismiss, findRun, type LabStore, notify } from './state';
import type { Weights } from './weights';

/** How long a deletion can be undone. */
const UNDO_MS = 12_000;
/** Between two looks whether a database that was held by another tab is free now. */
const BLOCKED_RETRY_MS = 5000;
/** Between two looks whether a tab that trains is still open. */
const TAB_CHECK_MS = 5000;

export interface Records {
  /** Reads what the store holds. tab: the name of this one. */
  load(tab: string): Promise<void>;
  /** Shows and stores a new run, under the first number that no run of any tab has. */
  add(make: (number: number) => Run): Promise<Run>;
  /** Changes a run. */
  update(id: string, change: Partial<Run>): void;
  /** Stores what the curve of a run has gained, and whatever the store has refused before. */
  save(id?: string): void;
  /** Keeps what a run's validation said of each image, in place of what the one before said. */
  keepPredictions(id: string, found: Predictions): void;
  /** What the last validation of a run said; undefined if nothing is kept. */
  predictionsOf(id: string): Promise<Predictions | undefined>;
  /** Deletes a run and its curve; restore() brings the last one back for a while. */
  remove(id: string): void;
  restore(): void;
  /** Shows a run as another tab has left it in the store. */
  refresh(id: string): Promise<void>;
  /** Takes a run off the page that another tab has deleted, and out of the store if it was written there meanwhile. */
  forget(id: string): void;
}

export function createRecords(store: LabStore, curves: Curves, weights: Weights, ports: LabPorts): Records {
  const { clock, tabs } = ports;
  const { runs: stored } = ports.storage;
  /** Runs that are in the store; another one is inserted whole. */
  const kept = new Set<string>();
  /** Changes that the store has still to take. */
  const pending = new Map<string, Partial<Run>>();
  const predictions = rememberPredictions();
  let removal: { removed: Promise<Removed | undefined>; cancel: () => void } | undefined;
  let writes: Promise<void> = Promise.resolve();
  let watching = false;
  let ownTab = '';
  /** What was said of the store last: a person who has closed a notice has read it. */
  let refusal = '';

  /** Does a piece of work with the store in its turn; true if the store took it. */
  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (pending.size === 0 && refusal !== '') {
        refusal = '';
        dismiss(store, 'storage');
      }
      return true;
    } catch (error) {
      const why = messageOf(error);
      if (why === refusal) return false;
      refusal = why;
      notify(store, {
        kind: 'storage',
        grave: false,
        title: 'Runs are not kept.',
        message:
          `This browser refused to store runs: ${sentence(why)} It is tried again with every change; ` +
          'until then they are gone when the page is closed.',
      });
      return false;
    }
  }

  /** True for a run that is trained here, or will be. */
  function isOwn(id: string): boolean {
    const { active, queue } = store.getState();
    return id === active || queue.includes(id);
  }

  /** Writes one run's changes and the growth of its curve. */
  async function write(id: string): Promise<void> {
    const run = findRun(store.getState(), id);
    const change = pending.get(id);
    if (!run) return void pending.delete(id);
    if (change) {
      // What changes while this is written is written after it.
      pending.delete(id);
      try {
        const written = kept.has(id) && (await stored.update(id, change));
        // Another tab has deleted it; or all was deleted, as site data are, under a run that goes on.
        if (!written && kept.has(id) && !isOwn(id)) return records.forget(id);
        if (!written) await stored.insert(run);
        kept.add(id);
      } catch (error) {
        pending.set(id, { ...change, ...pending.get(id) });
        throw error;
      }
    }
    if (!store.getState().elsewhere.includes(id)) await stored.saveCurve(id, curves.of(id));
    tabs.tell({ type: 'run-changed', id });
  }

  /** All writes in turn: two of one run at a time could land in either order. */
  function schedule(id?: string): void {
    writes = writes.then(async () => {
      const wanted = new Set([...(id === undefined ? [] : [id]), ...pending.keys()]);
      for (const one of wanted) if (!(await attempt(() => write(one)))) return;
    });
  }

  function endUndo(): void {
    removal?.cancel();
    removal = undefined;
    const { deleted } = store.getState();
    if (!deleted) return;
    curves.forget(deleted.id);
    predictions.forget(deleted.id);
    void weights.remove(deleted.id);
    store.setState({ deleted: undefined });
  }

  function takeOff(id: string): void {
    store.setState(({ runs, queue, tick, lookedAt, elsewhere }) => ({
      runs: runs.filter((run) => run.id !== id),
      queue: queue.filter((other) => other !== id),
      elsewhere: elsewhere.filter((other) => other !== id),
      lookedAt: lookedAt === id ? undefined : lookedAt,
      tick: tick + 1,
    }));
    pending.delete(id);
  }

  /** A run of the store as it is to be shown: one that was open when its tab went away was cut off with it. */
  function standing(run: Run, alive: ReadonlySet<string>) {
    const elsewhere = isOpen(run) && run.tab !== undefined && run.tab !== ownTab && alive.has(run.tab);
    return { run, elsewhere, cutOff: isOpen(run) && !elsewhere };
  }

  /** Shows one run as it is stored now. Rejects where the store refuses; the next change says it again. */
  async function reread(id: string): Promise<void> {
    const run = await stored.run(id);
    const alive = await tabs.alive();
    if (!run || id === store.getState().deleted?.id) return;
    if (isOwn(id)) {
      // What is trained here is known better here, but for what a person changes.
      const { name, hidden } = run;
      store.setState(({ runs }) => ({ runs: runs.map((own) => (own.id === id ? { ...own, name, hidden } : own)) }));
      return;
    }
    await stored.readCurve(id, curves.of(id));
    kept.add(id);
    const { elsewhere, cutOff } = standing(run, alive);
    store.setState((now) => ({
      runs: [...now.runs.filter((other) => other.id !== id), { ...run, ...pending.get(id) }].sort(
        (a, b) => a.number - b.number,
      ),
      elsewhere: [...now.elsewhere.filter((other) => other !== id), ...(elsewhere ? [id] : [])],
      tick: now.tick + 1,
    }));
    // Its tab went away behind this news. One without a name can't be seen, but has just spoken; this one is here.
    if (cutOff && run.tab && run.tab !== ownTab) records.update(id, { state: 'stopped' });
    watch();
  }

  /** Reads all runs; resolves to true if some can't be read. */
  async function read(): Promise<boolean> {
    const { runs, problems } = await stored.runs();
    const own = new Set(store.getState().runs.map(({ id }) => id));
    const alive = await tabs.alive();
    const found = runs.filter(({ id }) => !own.has(id)).map((run) => standing(run, alive));
    let damaged = 0;
    for (const { run } of found) {
      kept.add(run.id);
      damaged += await stored.readCurve(run.id, curves.of(run.id));
    }
    // Another tab may have told of one of them meanwhile, and it is shown already.
    const shown = new Set(store.getState().runs.map(({ id }) => id));
    const fresh = found.filter(({ run }) => !shown.has(run.id));
    store.setState((now) => ({
      runs: [...fresh.map(({ run }) => run), ...now.runs].sort((a, b) => a.number - b.number),
      elsewhere: [...now.elsewhere, ...fresh.filter(({ elsewhere }) => elsewhere).map(({ run }) => run.id)],
      tick: now.tick + 1,
    }));
    for (const { run, cutOff } of fresh) if (cutOff) records.update(run.id, { state: 'stopped' });
    watch();
    sayUnreadable(store, problems, damaged);
    return problems.length > 0;
  }

  /** Looks now and then whether the tabs that train runs are still open. */
  function watch(): void {
    if (watching || store.getState().elsewhere.length === 0) return;
    watching = true;
    clock.after(TAB_CHECK_MS, async () => {
      const alive = await tabs.alive();
      watching = false;
      for (const id of store.getState().elsewhere) {
        const run = findRun(store.getState(), id);
        if (run?.tab !== undefined && alive.has(run.tab)) continue;
        store.setState(({ elsewhere }) => ({ elsewhere: elsewhere.filter((other) => other !== id) }));
        records.update(id, { state: 'stopped' });
      }
      watch();
    });
  }

  const records: Records = {
    async load(tab) {
      ownTab = tab;
      let blocked = false;
      let someUnknown = true;
      await attempt(async () => {
        try {
          someUnknown = await read();
        } catch (error) {
          blocked = error instanceof DatabaseBlocked;
          throw error;
        }
      });
      // Runs can be trained meanwhile, and are stored once the other tab has let go.
      if (blocked) clock.after(BLOCKED_RETRY_MS, () => void records.load(tab).then(() => schedule()));
      store.setState({ loaded: true });
      await weights.load(store.getState().runs, someUnknown);
    },
    async add(make) {
      const { runs, deleted } = store.getState();
      const least = [...runs, ...(deleted ? [deleted] : [])].reduce(
        (most, { number }) => Math.max(most, number + 1),
        0,
      );
      let run: Run | undefined;
      await attempt(async () => {
        run = await stored.add(least, make);
        kept.add(run.id);
      });
      const added = run ?? make(least);
      if (!run) pending.set(added.id, {});
      store.setState((now) => ({ runs: [...now.runs, added] }));
      tabs.tell({ type: 'run-changed', id: added.id });
      return added;
    },
    update(id, change) {
      store.setState(({ runs }) => ({ runs: runs.map((run) => (run.id === id ? { ...run, ...change } : run)) }));
      if (!findRun(store.getState(), id)) return;
      pending.set(id, { ...pending.get(id), ...change });
      schedule(id);
    },
    save: schedule,
    keepPredictions(id, found) {
      predictions.remember(id, found);
      writes = writes.then(() => attempt(() => stored.savePredictions(id, found))).then(() => undefined);
      records.update(id, { predictedAt: found.step });
    },
    predictionsOf: (id) => predictions.of(id, () => stored.predictions(id)),
    remove(id) {
      const run = findRun(store.getState(), id);
      if (!run) return;
      endUndo();
      takeOff(id);
      store.setState({ deleted: isOpen(run) ? { ...run, state: 'stopped' } : run });
      let removed: Promise<Removed | undefined> = Promise.resolve(undefined);
      removed = writes.then(async () => {
        let found: Removed | undefined;
        await attempt(async () => {
          found = await stored.remove(id);
        });
        tabs.tell({ type: 'run-removed', id });
        return found;
      });
      writes = removed.then(() => undefined);
      removal = { removed, cancel: clock.after(UNDO_MS, endUndo) };
    },
    restore() {
      const { deleted } = store.getState();
      if (!deleted || !removal) return;
      const { removed, cancel } = removal;
      removal = undefined;
      cancel();
      store.setState(({ runs, tick }) => ({
        runs: [...runs, deleted].sort((a, b) => a.number - b.number),
        deleted: undefined,
        tick: tick + 1,
      }));
      writes = writes.then(async () => {
        const found = await removed;
        if (!found) kept.delete(deleted.id);
        else await attempt(() => stored.restore(found));
        // It may have been open when it was deleted.
        pending.set(deleted.id, { ...pending.get(deleted.id), state: deleted.state });
      });
      schedule(deleted.id);
    },
    refresh(id) {
      // After what this tab has yet to write: what is read before it would be older than what is shown.
      writes = writes.then(() => reread(id)).catch(() => undefined);
      return writes;
    },
    forget(id) {
      takeOff(id);
      kept.delete(id);
      curves.forget(id);
      predictions.forget(id);
      writes = writes
        .then(() => stored.remove(id))
        .then(
          () => undefined,
          () => undefined,
        );
    },
  };
  return records;
}
