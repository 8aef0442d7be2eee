import { expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { tricks } from '../../../src/catalog/tricks';
import { parseShardIndex } from '../../../src/data/index';
import { openLoader } from '../../../src/data/loader';

/** Real photos; the data set is not part of the repository. Path from the repository. */
const folder = '../shared/data/grocery-96/';
const base = 'https://grocery.invalid/';

const read = (name: string, encoding: 'utf8' | 'base64') =>
  commands.readFile(folder + name, encoding).catch(() => undefined);
const info = await read('_info.json', 'utf8');
const index = info && parseShardIndex(JSON.parse(info), `${base}_info.json`);

const fromDisk: typeof fetch = async (input) => {
  const text = await read(String(input).slice(base.length), 'base64');
  if (text === undefined) return new Response(null, { status: 404 });
  return new Response(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
};
const options = Object.fromEntries(
  tricks.map((trick) => [trick.id, trick.options.parse({}) as Record<string, number>]),
);

it.skipIf(!index)(
  'reads real JPEG shards, verified by hash (skipped where the grocery photos are missing)',
  async () => {
    if (!index) return;
    const problems: string[] = [];
    const on = { 'random-resized-crop': true, flip: true, 'color-jitter': true };
    for (const training of [false, true]) {
      const loader = await openLoader({
        index,
        split: 'validation',
        seed: 1,
        batchSize: 37,
        recipe: { size: 64, on, options },
        training,
        workers: 2,
        fetch: fromDisk,
        onProblem: (message) => problems.push(message),
      });
      for (const epoch of [0, 1]) {
        const counts = new Array(index.classes.length).fill(0);
        const keys = new Set<string>();
        let brightness = 0;
        const start = performance.now();
        for await (const batch of loader.epoch(epoch)) {
          for (const label of batch.labels) counts[label]++;
          for (const key of batch.keys) keys.add(key);
          brightness += batch.pixels.reduce((a, b) => a + b, 0) / batch.pixels.length;
        }
        const seconds = (performance.now() - start) / 1000;
        console.info(`${training ? 'training' : 'evaluation'}, epoch ${epoch}: ${(296 / seconds).toFixed(0)} images/s`);
        expect(keys.size).toBe(296);
        expect(counts).toEqual(index.splits.validation?.class_counts);
        // Photos: neither black nor white.
        expect(brightness / loader.batchesPerEpoch).toBeGreaterThan(60);
        expect(brightness / loader.batchesPerEpoch).toBeLessThan(180);
      }
      loader.close();
    }
    expect(problems).toEqual([]);
  },
);
