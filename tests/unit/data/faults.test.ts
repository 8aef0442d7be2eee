/** Servers and networks that fail: what can be survived gives the same bytes, the rest ends in words, and stopping stops. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { download } from '../../../src/data/download';
import { holdOut } from '../../../src/data/holdout';
import { parseShardIndex } from '../../../src/data/index';
import { openDataset } from '../../../src/data/open';
import { openSplitShards } from '../../../src/data/shards';
import { experimentWith } from '../../../src/experiment/schema';
import { type Fault, type FaultServer, startFaultServer } from '../../support/fault-server';
import { infoOf, joined, plainTar, TAR_END, tarEntry } from '../../support/shards';

const servers: FaultServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** 64 KiB of image in front, so that there is something to cut. */
const shard = joined(tarEntry('big.txt', 'x'.repeat(65_536)), plainTar(8), TAR_END);
const info = infoOf({ train: { 'a.tar': [shard, 8] }, validation: { 'v.tar': [plainTar(4), 4] } });
Object.assign(info.splits.train, {
  shard_bytes: [shard.length],
  shard_sha256: [createHash('sha256').update(shard).digest('hex')],
});
const files = new Map<string, Uint8Array>([
  ['_info.json', new TextEncoder().encode(JSON.stringify(info))],
  ['a.tar', shard],
]);

async function serve(faults: Record<string, (Fault | undefined)[]>): Promise<FaultServer> {
  const server = await startFaultServer(files, faults);
  servers.push(server);
  return server;
}

/** As patient as in earnest, but in a hurry. */
const patience = { firstWaitMs: 5, stallMs: 300 };

/** The training shard, from the index on. */
async function readShard({ url }: FaultServer, more: Parameters<typeof openDataset>[1] = {}) {
  const experiment = experimentWith({ dataset: 'wds', 'wds.url': `${url}_info.json` });
  const problems: string[] = [];
  const access = { patience, onProblem: (message: string) => problems.push(message), ...more };
  const dataset = await openDataset({ experiment, base: url }, access);
  const shards = await openSplitShards(dataset.source('train'), access.onProblem);
  return { ...(await shards.get(0)), problems };
}

describe('faults that pass', () => {
  it.each<[string, Record<string, Fault[]>]>([
    ['a connection that is cut twice', { 'a.tar': ['cut', 'cut'] }],
    ['a server that stops sending', { 'a.tar': ['stall'] }],
    ['a server that says nothing', { 'a.tar': ['silence'], '_info.json': ['silence'] }],
    ['a slow server', { 'a.tar': ['slow'] }],
    ['a busy server', { 'a.tar': ['busy'], '_info.json': ['busy'] }],
    ['a server that fails', { 'a.tar': ['error', 'error'], '_info.json': ['error'] }],
    ['a page in the place of the file', { 'a.tar': ['page'] }],
    ['a damaged file', { 'a.tar': ['damaged'] }],
    ['a short file', { 'a.tar': ['truncated'] }],
    ['a file that is too long', { 'a.tar': ['longer'] }],
    ['one after the other', { 'a.tar': ['error', 'cut', 'stall', 'damaged'] }],
  ])('leave the same bytes: %s', async (_, faults) => {
    const { bytes, samples, problem, problems } = await readShard(await serve(faults));
    expect(Buffer.compare(bytes, shard)).toBe(0);
    expect([samples.length, problem, problems]).toEqual([8, undefined, []]);
  });

  it('say what is waited for, in words that change no faster than they can be read', async () => {
    const told: (string | undefined)[] = [];
    const server = await serve({ '_info.json': ['busy'] });
    await readShard(server, { onWaiting: (message) => told.push(message) });
    expect(told).toEqual(["Reading the dataset's index: trying again in 1 s (the server answered 429)", undefined]);
  });
});

describe('a download that takes its time', () => {
  it('is told by shard and size while it is waited for, and is over when it is over', async () => {
    const { url } = await serve({ 'a.tar': ['slow', 'slow'] });
    const index = parseShardIndex(info, `${url}_info.json`);
    const told: (string | undefined)[] = [];
    const held = await holdOut({ index, split: 'train' }, undefined, (message) => told.push(message));
    expect(held?.validation.filter(Boolean)).toHaveLength(2);
    expect(told.at(-1)).toBeUndefined();
    const words = told.slice(0, -1);
    // Half a second, told three times a second.
    expect(words.length).toBeGreaterThan(0);
    expect(words.length).toBeLessThan(4);
    for (const message of words) expect(message).toMatch(/^Downloading shard 1 of 1 \(0\.[01] of 0\.1 MB\)$/);
  });
});

describe('faults that stay', () => {
  const always = (fault: Fault) => new Array<Fault>(40).fill(fault);

  it.each<[Fault, string, number]>([
    ['missing', 'a.tar does not exist: the server answered 404.', 1],
    ['error', 'after 6 tries: the server answered 500. It is the server that fails.', 6],
    ['page', 'after 2 tries: it is a web page (HTML). Does the address need a sign-in?', 2],
    [
      'truncated',
      `the connection was cut after ${shard.length >> 1} of ${shard.length} bytes. Check the connection`,
      6,
    ],
    ['silence', 'nothing came for 0 s', 6],
  ])('end in words, and are not asked for more often than they may pass: %s', async (fault, words, requests) => {
    const server = await serve({ 'a.tar': always(fault) });
    await expect(readShard(server)).rejects.toThrow(words);
    expect(server.asked.filter((name) => name === 'a.tar')).toHaveLength(requests);
  });

  it('are known of a file that is not there, whoever asks again', async () => {
    const server = await serve({ 'a.tar': always('missing') });
    const dataset = await openDataset({ experiment: experimentWith({}), base: server.url, own: '_info.json' });
    const shards = await openSplitShards(dataset.source('train'), () => {});
    for (const _ of [1, 2, 3]) await expect(shards.get(0)).rejects.toThrow('does not exist');
    expect(server.asked).toEqual(['_info.json', 'a.tar']);
  });

  it('are the shard’s where its hash stays wrong', async () => {
    const { problem } = await readShard(await serve({ 'a.tar': always('longer') }));
    expect(problem).toBe(
      `its SHA-256 differs from the index: it has ${shard.length + 1} bytes, where the index says ${shard.length}`,
    );
  });

  it('end a circle of redirects', async () => {
    await expect(
      readShard(await serve({ 'a.tar': always('loop').concat(always('loop'), always('loop'), always('loop')) })),
    ).rejects.toThrow('could not be downloaded');
  });
});

describe('stopping', () => {
  it.each<[string, Record<string, Fault[]>]>([
    ['a silent index', { '_info.json': ['silence'] }],
    ['a silent shard', { 'a.tar': ['silence'] }],
    ['a shard that stalls', { 'a.tar': ['stall'] }],
    ['a busy server', { 'a.tar': ['busy'] }],
  ])('ends the wait for %s at once', async (_, faults) => {
    const stop = new AbortController();
    const reading = readShard(await serve(faults), { signal: stop.signal, patience: {} });
    setTimeout(() => stop.abort(new Error('stopped')), 200);
    await expect(reading).rejects.toThrow('stopped');
  });
});

describe('a network that is gone', () => {
  it('is waited for, however long, and the wait is told', async () => {
    const server = await serve({});
    let online = false;
    const network = {
      online: () => online,
      untilOnline: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        online = true;
      },
    };
    const cutOff: typeof fetch = (input, init) =>
      online ? fetch(input, init) : Promise.reject(new TypeError('Failed to fetch'));
    const statuses: string[] = [];
    const bytes = await download(`${server.url}a.tar`, {
      network,
      fetch: cutOff,
      onStatus: ({ kind }) => statuses.push(kind),
    });
    expect(bytes).toHaveLength(shard.length);
    expect(statuses.slice(0, 2)).toEqual(['offline', 'receiving']);
  });

  it('is waited for by a device that does not know of it, where the server has answered before', async () => {
    const server = await serve({});
    let failures = 40;
    const flaky: typeof fetch = (input, init) =>
      failures-- > 0 ? Promise.reject(new TypeError('Failed to fetch')) : fetch(input, init);
    const waits: number[] = [];
    const options = { fetch: flaky, sleep: async (ms: number) => void waits.push(ms) };
    await expect(download(`${server.url}a.tar`, options)).rejects.toThrow('after 6 tries: Failed to fetch');
    failures = 40;
    const bytes = await download(`${server.url}a.tar`, { ...options, answered: () => true });
    expect(bytes).toHaveLength(shard.length);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  });
});
