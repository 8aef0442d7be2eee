/** What a browser does not tell its pages of a failed request is found out. */
import { afterEach, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { download } from '../../../src/data/download';
import type { Fault } from '../../support/fault-server';

afterEach(() => commands.stopFaultServers());

const folder = 'public/datasets/emoji';
const patience = { firstWaitMs: 5 };
const always = (fault: Fault) => new Array<Fault>(60).fill(fault);

it('a server that lets no other site read', async () => {
  const url = await commands.withFaults(folder, { '_info.json': always('private') });
  await expect(download(`${url}_info.json`, { patience })).rejects.toThrow(
    'does not let other sites read the file (CORS)',
  );
});

it('a redirect that leads in a circle', async () => {
  const url = await commands.withFaults(folder, { '_info.json': always('loop') });
  await expect(download(`${url}_info.json`, { patience })).rejects.toThrow('it leads in a circle');
});

it('a server that is not there, which is told from the two', async () => {
  await expect(download('http://127.0.0.1:9/_info.json', { patience })).rejects.toThrow('Check the connection');
});

it('a connection that is cut goes on where it broke', async () => {
  const url = await commands.withFaults(folder, { 'emoji-train-0005.tar': ['cut', 'cut', 'stall'] });
  const bytes = await download(`${url}emoji-train-0005.tar`, { patience: { ...patience, stallMs: 500 } });
  expect(bytes).toHaveLength(1_194_496);
});
