/** `npm run fuzz [-- CASES [SEED]]`: 10,000 damaged inputs for every reader, at most two minutes each; ends with 1 if one is not refused in words. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SECONDS = 120;
const [cases = 10_000, seed = 1] = process.argv.slice(2).map(Number);

const { module } = await runnerImport(join(root, 'tests', 'fuzz', 'readers.ts'), {
  root,
  configFile: false,
  logLevel: 'error',
});
/** @param {(string | number)[]} cells */
const row = (...cells) =>
  process.stdout.write(`${cells.map((cell, i) => String(cell).padEnd(i ? 10 : 16)).join('')}\n`);
row('reader', 'cases', 'accepted', 'slowest', 'wrong');
for (const reader of module.readers) {
  const {
    name,
    cases: read,
    accepted,
    slowestMs,
    wrong,
  } = module.fuzz(reader, {
    cases,
    seed,
    seconds: SECONDS,
  });
  row(name, read, accepted, `${slowestMs.toFixed(0)} ms`, wrong.length);
  for (const words of wrong.slice(0, 5)) process.stdout.write(`  ${words}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}
