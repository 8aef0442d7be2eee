/** What is kept: written by changed fields, again after a failure, read with suspicion, and shared by tabs. */
import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/experiment/schema';
import { stateWord } from '../../../src/lab/lab';
import type { Run } from '../../../src/runs/run';
import { Disk, FakeTabs, finished, openWorld, settled, steps, storedRun, type World } from './world';

const state = ({ lab }: World) => lab.store.getState();
const runs = (world: World) => state(world).runs;
const words = (world: World) => runs(world).map((run) => stateWord(run, state(world)));
const notice = (world: World, kind: string) => state(world).notices.find((one) => one.kind === kind);
const diskOf = (...records: object[]) => {
  const disk = new Disk();
  for (const [i, record] of records.entries()) disk.runs.set((record as { id?: string }).id ?? `bad-${i}`, record);
  return disk;
};

async function train(world: World): Promise<string> {
  await world.lab.actions.start();
  await settled();
  return runs(world).at(-1)?.id ?? '';
}

describe('deleting', () => {
  it('can be undone for a while, curve and state included', async () => {
    const world = await openWorld({ disk: diskOf(storedRun(0), storedRun(1)) });
    world.disk.curves.set('run-0', [1, 2, 3]);
    world.lab.actions.remove('run-0');
    await world.clock.pass(11_000);
    expect(world.disk.runs.has('run-0')).toBe(false);
    expect(state(world).deleted?.id).toBe('run-0');
    world.lab.actions.undo();
    await settled();
    expect(runs(world).map(({ id }) => id)).toEqual(['run-0', 'run-1']);
    expect(world.disk.runs.get('run-0')).toMatchObject({ name: 'run-0' });
    expect(world.disk.curves.get('run-0')).toEqual([1, 2, 3]);
    await world.clock.pass(60_000);
    expect(runs(world)).toHaveLength(2);
  });

  it('is final afterwards, and the number of the run is not given again while it can be undone', async () => {
    const world = await openWorld({ disk: diskOf(storedRun(0)) });
    world.lab.actions.remove('run-0');
    await train(world);
    expect(runs(world).map(({ number }) => number)).toEqual([1]);
    await world.clock.pass(13_000);
    expect(state(world).deleted).toBeUndefined();
    world.lab.actions.undo();
    expect(runs(world)).toHaveLength(1);
  });
});

describe('a write that fails', () => {
  it('is said once, and made again with the next one, without a hole', async () => {
    const world = await openWorld();
    const session = await train(world);
    const report = async (from: number, to: number) => {
      world.worker().says({ type: 'updates', session, metrics: steps(from, to) });
      await world.clock.pass(2500);
    };
    await report(1, 80);
    world.disk.full = 'the room that this browser gives to the page is full';
    world.lab.actions.rename(session, 'renamed');
    await report(81, 300);
    expect(notice(world, 'storage')?.message).toContain('is full');
    world.lab.actions.dismiss('storage');
    await report(301, 480);
    expect(notice(world, 'storage')).toBeUndefined();
    world.disk.full = undefined;
    await report(481, 500);
    world.worker().says(finished(session));
    await settled();
    expect(world.disk.curves.get(session)).toEqual(steps(1, 500).map((metrics) => metrics.step));
    expect(world.disk.runs.get(session)).toMatchObject({ state: 'finished', name: 'renamed', summary: { step: 500 } });
  });

  it('because all was deleted under the page leaves a run that goes on whole', async () => {
    const world = await openWorld({ disk: diskOf(storedRun(0)) });
    const session = await train(world);
    world.worker().says({ type: 'updates', session, metrics: steps(1, 50) });
    await world.clock.pass(2500);
    world.disk.runs.clear();
    world.disk.curves.clear();
    world.worker().says({ type: 'updates', session, metrics: steps(51, 90) });
    await world.clock.pass(2500);
    world.worker().says(finished(session));
    await settled();
    expect([...world.disk.runs.keys()]).toEqual([session]);
    expect(world.disk.curves.get(session)).toHaveLength(90);
    expect(words(world).at(-1)).toBe('finished');
  });

  it('even of the first record leaves the run trained, and stored as soon as it can be', async () => {
    const disk = new Disk();
    disk.full = 'its settings forbid it';
    const world = await openWorld({ disk });
    const session = await train(world);
    expect(words(world)).toEqual(['preparing']);
    expect(disk.runs.size).toBe(0);
    disk.full = undefined;
    world.worker().says({ type: 'updates', session, metrics: steps(1, 9) }, finished(session));
    await settled();
    expect(disk.runs.get(session)).toMatchObject({ state: 'finished' });
    expect(disk.curves.get(session)).toHaveLength(9);
    expect(notice(world, 'storage')).toBeUndefined();
  });
});

describe('stored runs', () => {
  it('that can be read are shown, others are set aside, said and left as they are', async () => {
    const bad: object[] = [
      { ...storedRun(1), experiment: undefined },
      { ...storedRun(2), experiment: null },
      { ...storedRun(3), summary: undefined },
      { ...storedRun(4), name: { first: 'x' } },
      { ...storedRun(5), message: {} },
      { ...storedRun(6), number: 'six' },
      { ...storedRun(7), state: 'dreaming' },
    ];
    const world = await openWorld({ disk: diskOf(storedRun(0), ...bad) });
    expect(runs(world).map(({ id }) => id)).toEqual(['run-0']);
    expect(notice(world, 'records')?.message).toContain('7 runs');
    expect(notice(world, 'records')?.message).toContain('its summary');
    expect(world.disk.runs.size).toBe(8);
    expect(world.disk.runs.get('run-4')).toBe(bad[3]);
  });

  it('of an earlier version take the defaults of options that it did not have', async () => {
    const { options, ...rest } = defaultExperiment();
    const { steps: _steps, ...stop } = options.stop ?? {};
    const { engine: _engine, ...old } = { ...rest, options: { ...options, stop } };
    const world = await openWorld({ disk: diskOf({ ...storedRun(0), experiment: old }) });
    expect(runs(world)[0]?.experiment).toEqual(defaultExperiment());
  });

  it('with settings that this version does not have are shown, and say so when they are loaded', async () => {
    const strange = { ...defaultExperiment(), model: 'vit' };
    const world = await openWorld({ disk: diskOf({ ...storedRun(0), experiment: strange }) });
    const before = state(world).experiment;
    const [run] = runs(world);
    world.lab.actions.loadSettings(run as Run);
    expect(state(world).experiment).toBe(before);
    expect(notice(world, 'settings')?.message).toContain('model must be one of');
    // A change of another field leaves the settings as they were kept.
    world.lab.actions.rename('run-0', 'mine');
    await settled();
    expect(world.disk.runs.get('run-0')).toMatchObject({ name: 'mine', experiment: { model: 'vit' } });
  });

  it('keep their weights even if the run itself could not be read', async () => {
    const disk = diskOf({ ...storedRun(0), summary: undefined });
    const known = { model: 'resnet50-vd', options: {}, classes: 10, size: 28, bytes: 1, created: 1, used: 1 };
    disk.checkpoints.set('run-0', { ...known, id: 'run-0', name: 'run-0', source: 'run' });
    await openWorld({ disk });
    expect(disk.checkpoints.has('run-0')).toBe(true);
  });
});

describe('two tabs over one storage', () => {
  async function twoTabs() {
    const [disk, tabs] = [new Disk(), new FakeTabs()];
    const a = await openWorld({ disk, tabs, tab: 'a' });
    const session = await train(a);
    a.worker().says({ type: 'updates', session, metrics: steps(1, 50) });
    await a.clock.pass(2500);
    const b = await openWorld({ disk, tabs, tab: 'b' });
    return { disk, tabs, a, b, session };
  }

  it('show a run that the other trains as running there, and follow it', async () => {
    const { disk, a, b, session } = await twoTabs();
    expect(words(b)).toEqual(['running in another tab']);
    a.worker().says({ type: 'updates', session, metrics: steps(51, 80) });
    await a.clock.pass(2500);
    expect(runs(b)[0]?.summary.step).toBe(80);
    expect(b.lab.curveOf(session).length).toBe(80);
    a.worker().says(finished(session));
    await settled();
    expect(words(b)).toEqual(['finished']);
    expect(disk.runs.get(session)).toMatchObject({ state: 'finished' });
  });

  it('show a run once, whose news come while the runs are being read', async () => {
    const { disk, tabs, session } = await twoTabs();
    const { tab } = tabs;
    let told = false;
    tabs.tab = (name) => {
      const own = tab.call(tabs, name);
      return {
        ...own,
        async alive() {
          if (!told) {
            told = true;
            tab.call(tabs, 'a').tell({ type: 'run-changed', id: session });
            await settled();
          }
          return await own.alive();
        },
      };
    };
    const c = await openWorld({ disk, tabs, tab: 'c' });
    expect(told).toBe(true);
    expect(runs(c).map(({ id }) => id)).toEqual([session]);
    expect(words(c)).toEqual(['running in another tab']);
    expect(c.lab.curveOf(session).length).toBe(50);
  });

  it('say that a run stopped whose last news come when its tab is gone', async () => {
    const { disk, tabs, b, session } = await twoTabs();
    expect(words(b)).toEqual(['running in another tab']);
    tabs.close('a');
    tabs.tab('c').tell({ type: 'run-changed', id: session });
    await settled();
    expect(words(b)).toEqual(['stopped']);
    expect(disk.runs.get(session)).toMatchObject({ state: 'stopped' });
  });

  it('write only what they changed: a run hidden in one ends as it ended in the other', async () => {
    const { disk, a, b, session } = await twoTabs();
    a.worker().says({ type: 'updates', session, metrics: steps(51, 1500) });
    b.lab.actions.setVisible(session, false);
    await settled();
    expect(runs(a)[0]).toMatchObject({ hidden: true, state: 'running' });
    a.worker().says(finished(session));
    await settled();
    b.lab.actions.rename(session, 'renamed');
    await settled();
    expect(disk.runs.get(session)).toMatchObject({
      state: 'finished',
      hidden: true,
      name: 'renamed',
      summary: { step: 1500 },
    });
    expect(disk.curves.get(session)).toHaveLength(1500);
  });

  it('hear of each other while they write, and take nothing for news that is older than their own', async () => {
    for (let apart = 0; apart < 12; apart++) {
      const { disk, a, b, session } = await twoTabs();
      b.lab.actions.setVisible(session, false);
      for (let i = 0; i < apart; i++) await Promise.resolve();
      a.worker().says(finished(session));
      await settled();
      await settled();
      for (const world of [a, b]) {
        expect(words(world)).toEqual(['finished']);
        expect(runs(world)[0]?.hidden).toBe(true);
      }
      expect(disk.runs.get(session)).toMatchObject({ state: 'finished', hidden: true });
    }
  });

  it('honour a deletion in the other: the run ends, the queue goes on, and nothing comes back', async () => {
    const { disk, a, b, session } = await twoTabs();
    const next = await train(a);
    b.lab.actions.remove(session);
    await settled();
    expect(a.worker().stopped).toEqual([session]);
    a.worker().says(finished(session, 'stopped'));
    a.lab.actions.setVisible(session, false);
    await a.clock.pass(5000);
    expect([...disk.runs.keys()]).toEqual([next]);
    expect(disk.curves.has(session)).toBe(false);
    expect(runs(a).map(({ id }) => id)).toEqual([next]);
    expect(a.worker().started.at(-1)).toBe(next);
    // Brought back in one, it is whole in both.
    b.lab.actions.undo();
    await settled();
    expect(runs(a).map(({ id }) => id)).toEqual([session, next]);
    expect(a.lab.curveOf(session).length).toBe(50);
    expect(words(a)[0]).toBe('stopped');
  });

  it('give their runs different numbers and names', async () => {
    const { a, b } = await twoTabs();
    await Promise.all([b.lab.actions.start(), a.lab.actions.start()]);
    await settled();
    const all = [...runs(a)];
    expect(new Set(all.map(({ number }) => number)).size).toBe(3);
    expect(new Set(all.map(({ name }) => name)).size).toBe(3);
    expect(new Set(runs(b).map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
  });

  it('call a run stopped only when the tab that trains it is gone', async () => {
    const { disk, tabs, b, session } = await twoTabs();
    await b.clock.pass(60_000);
    expect(words(b)).toEqual(['running in another tab']);
    tabs.close('a');
    await b.clock.pass(6000);
    expect(words(b)).toEqual(['stopped']);
    expect(disk.runs.get(session)).toMatchObject({ state: 'stopped' });
  });

  it('a run that was cut off with its tab is stopped at the next opening', async () => {
    const { disk, tabs, session } = await twoTabs();
    tabs.close('a');
    const later = await openWorld({ disk, tabs, tab: 'c' });
    await settled();
    expect(words(later)).toEqual(['stopped']);
    expect(disk.runs.get(session)).toMatchObject({ state: 'stopped', summary: { step: 50 } });
  });
});
