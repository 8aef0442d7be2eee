/** The experiment on the form, its address, and how a person likes the page. */
import { expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/experiment/schema';
import { MAX_LINK_LENGTH } from '../../../src/experiment/url';
import { readPreferences } from '../../../src/lab/preferences';
import { Disk, finished, openWorld, settled } from './world';

it('is written to the address with every edit, a row of edits of one control as one step, and follows back', async () => {
  const { lab, clock, addresses, goBackTo } = await openWorld();
  const { toggle, setOption } = lab.actions;
  toggle('mixup', true);
  setOption('mixup', 'alpha', 0.3);
  await clock.pass(500);
  setOption('mixup', 'alpha', 0.4);
  await clock.pass(2000);
  setOption('mixup', 'alpha', 0.5);
  expect(addresses).toEqual(['v=1', 'v=1&mixup=on', 'v=1&mixup=on&mixup.alpha=0.4', 'v=1&mixup=on&mixup.alpha=0.5']);
  goBackTo('v=1&mixup=on');
  expect(lab.store.getState().experiment.on.mixup).toBe(true);
  expect(lab.store.getState().experiment.options.mixup?.alpha).toBe(defaultExperiment().options.mixup?.alpha);
});

it('refuses at its control an edit that no link could say, and keeps the address that was right', async () => {
  const { lab, addresses } = await openWorld();
  const { setOption, toggle } = lab.actions;
  setOption('wds', 'url', 'é'.repeat(2000));
  expect(lab.store.getState().refused).toMatchObject({ control: 'wds.url' });
  expect(lab.store.getState().refused?.message).toContain(MAX_LINK_LENGTH.toLocaleString('en'));
  setOption('wds', 'url', 'https://example.org/\ud83d');
  expect(lab.store.getState().refused?.message).toContain('half of a character');
  expect(addresses).toEqual(['v=1']);
  expect(lab.store.getState().experiment.options.wds?.url).toBe(defaultExperiment().options.wds?.url);
  toggle('cutmix', true);
  expect(lab.store.getState().refused).toBeUndefined();
  setOption('wds', 'url', 'https://example.org/😀/_info.json');
  expect(lab.store.getState().refused).toBeUndefined();
});

it('that a link can not say is told, key by key', async () => {
  const { lab } = await openWorld({ query: 'v=1&mixup.alpha=banana' });
  const notice = lab.store.getState().notices.find(({ kind }) => kind === 'link');
  expect(notice?.problems?.map(({ key }) => key)).toEqual(['mixup.alpha']);
});

it('is sized to a slow device only where nobody has chosen anything', async () => {
  for (const [query, sized] of [
    ['', true],
    ['v=1', false],
  ] as const) {
    const { lab, worker, addresses } = await openWorld({ query });
    worker().says({ type: 'probed', flops: 1e7 });
    expect(lab.store.getState().sized).toBe(sized);
    expect(addresses.at(-1) !== query).toBe(sized);
  }
});

it('needs its teacher before a run is made', async () => {
  const { lab, worker } = await openWorld({ query: 'v=1&distillation=on&distillation.teacher=never-seen' });
  await lab.actions.start();
  await settled();
  expect(lab.store.getState().runs).toEqual([]);
  expect(worker().started).toEqual([]);
  expect(lab.store.getState().notices[0]).toMatchObject({ title: "Training can't start." });
});

it('preferences outlive the page; of damaged ones the rest is taken', async () => {
  const disk = new Disk();
  const { lab } = await openWorld({ disk });
  lab.actions.prefer({ axis: 'time', tab: 'look' });
  const again = await openWorld({ disk });
  expect(again.lab.store.getState().preferences).toEqual({ axis: 'time', smoothing: 0.6, logLoss: false, tab: 'look' });
  expect(again.lab.store.getState().notices).toEqual([]);
  const { preferences: defaults, damaged } = readPreferences(undefined);
  expect(damaged).toEqual([]);
  for (const text of ['', '{', 'null', '{"state":null}', '{"state":[]}', '[]', '7']) {
    const read = readPreferences(text);
    expect(read.preferences, text).toEqual(defaults);
    expect(read.damaged, text).toHaveLength(4);
  }
  expect(readPreferences('{"state":{"logLoss":true}}')).toEqual({
    preferences: { ...defaults, logLoss: true },
    damaged: [],
  });
});

it('damaged preferences fall back one by one, which is said once', async () => {
  const disk = new Disk();
  disk.preferences = '{"state":{"axis":"miles","smoothing":7,"logLoss":true,"tab":{}}}';
  const first = (await openWorld({ disk })).lab.store.getState();
  expect(first.preferences).toEqual({ axis: 'step', smoothing: 0.6, logLoss: true, tab: 'runs' });
  const [notice, ...more] = first.notices;
  expect(more).toEqual([]);
  expect(notice?.message).toContain('the axis of the charts, the smoothing of the curves, the open tab was damaged');
  const second = (await openWorld({ disk })).lab.store.getState();
  expect(second.preferences).toEqual(first.preferences);
  expect(second.notices).toEqual([]);
});

it('what broke in the page is said, with its reason and a report to copy', async () => {
  const { lab, worker } = await openWorld();
  lab.actions.report(new DOMException('', 'QuotaExceededError'));
  const [notice] = lab.store.getState().notices;
  expect(notice).toMatchObject({ kind: 'page', remedy: 'copy-report' });
  expect(notice?.message).toContain('QuotaExceededError');
  await lab.actions.start();
  worker().says(finished(worker().started[0] as string));
  expect(lab.store.getState().runs[0]?.state).toBe('finished');
});
