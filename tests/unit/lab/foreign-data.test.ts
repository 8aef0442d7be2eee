/** Data at another site: read after a press that names it, and not before. */
import { expect, it } from 'vitest';
import { experimentWith } from '../../../src/experiment/schema';
import { foreignData } from '../../../src/lab/foreign-data';
import type { Lab } from '../../../src/lab/lab';
import { openWorld, settled } from './world';

const address = 'https://stranger.example:8443/pets/_info.json';
const query = `v=1&dataset=wds&wds.url=${address}`;
const asked = ({ store }: Lab) => store.getState().notices.find(({ kind }) => kind === 'foreign-data');

it('is data that another origin serves', () => {
  const at = (url: string) => foreignData(experimentWith({ dataset: 'wds', 'wds.url': url }), 'https://lab.example/x/');
  expect(at(address)).toEqual({ address, host: 'stranger.example:8443' });
  expect(at('//stranger.example/a.json')?.host).toBe('stranger.example');
  expect(at(' https://lab.example@stranger.example/a.json')?.host).toBe('stranger.example');
  expect(at('http://lab.example/a.json')?.host).toBe('lab.example');
  for (const own of ['', 'a/_info.json', '/_info.json', 'https://lab.example/a.json', 'https://[', 'data:,{}'])
    expect(at(own), own).toBeUndefined();
  expect(foreignData(experimentWith({ dataset: 'emoji' }), 'https://lab.example/')).toBeUndefined();
});

it('that a link names is asked for in a notice, and trained on after the press beside it', async () => {
  const { lab, worker } = await openWorld({ query });
  expect(asked(lab)).toMatchObject({
    title: 'This link asks for data from stranger.example:8443.',
    remedy: { readDataFrom: { address, host: 'stranger.example:8443' } },
  });
  await lab.actions.start();
  await settled();
  expect(worker().started).toEqual([]);
  expect(lab.store.getState().runs).toEqual([]);
  lab.actions.readDataFrom(address);
  expect(asked(lab)).toBeUndefined();
  await lab.actions.start();
  await settled();
  expect(worker().started).toHaveLength(1);
});

it('is allowed for one address: another one is asked for again, the same one is not', async () => {
  const { lab, goBackTo } = await openWorld({ query });
  lab.actions.readDataFrom(address);
  goBackTo(`${query}x`);
  expect(asked(lab)?.remedy).toEqual({ readDataFrom: { address: `${address}x`, host: 'stranger.example:8443' } });
  goBackTo(query);
  expect(asked(lab)).toBeUndefined();
});

it('is not spoken of any more when the form asks for other data', async () => {
  const { lab } = await openWorld({ query });
  lab.actions.toggle('mixup', true);
  expect(asked(lab)).toBeDefined();
  lab.actions.choose('dataset', 'emoji');
  expect(asked(lab)).toBeUndefined();
});

it('typed letter by letter is not asked of anybody, and no run begins with it unasked', async () => {
  const { lab, worker } = await openWorld({ query: 'v=1&dataset=wds' });
  for (const end of [10, 20, address.length]) lab.actions.setOption('wds', 'url', address.slice(0, end));
  expect(asked(lab)).toBeUndefined();
  await lab.actions.start();
  await settled();
  expect(worker().started).toEqual([]);
  expect(asked(lab)).toBeDefined();
});
