/** What the page loads before anything is pressed: small, and without the engine, which lives in workers. */
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';

/**
 * Of all scripts that the page's entry reaches, on its own thread. Measured: 361 kB on 2026-11-25, of them about 45 for the
 * declarations of the ops, of which the estimate reads shapes and costs.
 */
const BUDGET_KB = 380;

/** A sentence of tfjs-core's, whatever the minifier did to its names. */
const tfjs = /backend .{0,40}in registry/;

test('the page itself is within its budget and has no tfjs, which only workers load', async ({ request }) => {
  const html = await (await request.get('./')).text();
  const entry = /<script type="module"[^>]* src="\.\/([^"]+)"/.exec(html)?.[1] as string;
  /** Path -> text of these scripts and of all that they import. */
  const reached = async (...waiting: string[]) => {
    const seen = new Map<string, string>();
    for (let path = waiting.pop(); path; path = waiting.pop()) {
      if (seen.has(path)) continue;
      const text = await (await request.get(path)).text();
      seen.set(path, text);
      for (const [, name] of text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*[`"']\.\/([\w.-]+\.js)[`"']/g))
        waiting.push(`assets/${name}`);
    }
    return [...seen];
  };
  const withTfjs = (scripts: [string, string][]) => scripts.filter(([, text]) => tfjs.test(text)).map(([path]) => path);

  const page = await reached(entry);
  expect(withTfjs(page)).toEqual([]);
  const bytes = page.reduce((sum, [, text]) => sum + gzipSync(text).length, 0);
  expect(bytes / 1000).toBeLessThan(BUDGET_KB);

  // The workers that the page names have it: else this test would see nothing.
  const names = page.flatMap(([, text]) => text.match(/[\w.-]*worker-[\w-]+\.js/g) ?? []);
  expect(withTfjs(await reached(...names.map((name) => `assets/${name}`)))).not.toEqual([]);
});
