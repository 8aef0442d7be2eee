/**
 * Runs every check and ends with one line: `N passed, N failed`, the sum over all of them (types and lint count as one each).
 * `npm test -- [FILE ...]` runs only the test files whose path contains one of the words, without types and lint.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, '.cache', 'test-reports');
const filters = process.argv.slice(2).map((word) => word.replaceAll('\\', '/'));

/** Runs a program of node_modules with this Node: no shell, no .cmd files. Resolves to its exit code. */
const run = (program, args, env = {}) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', program), ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });

function filesOf(kind, ending) {
  const folder = join(root, 'tests', kind);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => relative(root, join(folder, name)).replaceAll('\\', '/'))
    .filter((path) => path.endsWith(ending) && (filters.length === 0 || filters.some((word) => path.includes(word))));
}

const readReport = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

/** A runner that failed without a failed test (a crash, a file that does not load) counts as one failure. */
const honest = (counts, code) => (code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts);

async function one(program, args) {
  const code = await run(program, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function vitest(project) {
  const files = filesOf(project, '.test.ts');
  if (files.length === 0) return;
  const report = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run('vitest/vitest.mjs', [
    'run',
    '--project',
    project,
    ...reporters,
    ...(filters.length ? files : []),
  ]);
  const found = readReport(report);
  if (!found) return honest({ passed: 0, failed: 0 }, code || 1);
  // A file that does not load has no tests to fail.
  const unloadable = found.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return honest({ passed: found.numPassedTests, failed: found.numFailedTests + unloadable.length }, code);
}

async function playwright() {
  const files = filesOf('e2e', '.spec.ts');
  if (files.length === 0) return;
  const report = join(reports, 'e2e.json');
  const code = await run('@playwright/test/cli.js', ['test', ...(filters.length ? files : [])], {
    TRICKLAB_E2E_REPORT: report,
  });
  const stats = readReport(report)?.stats;
  if (!stats) return honest({ passed: 0, failed: 0 }, code || 1);
  return honest({ passed: stats.expected + stats.flaky, failed: stats.unexpected }, code);
}

const everything = filters.length === 0;
const runners = [
  ...(everything ? [['types', () => one('typescript/bin/tsc', ['--noEmit'])]] : []),
  ...(everything ? [['lint', () => one('@biomejs/biome/bin/biome', ['check', '--error-on-warnings'])]] : []),
  ['unit tests', () => vitest('unit')],
  ['WebGPU tests', () => vitest('gpu')],
  ['page tests', playwright],
];

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
let passed = 0;
let failed = 0;
const lines = [];
for (const [name, runner] of runners) {
  process.stdout.write(`\n> ${name}\n`);
  const start = performance.now();
  const counts = await runner();
  if (!counts) {
    process.stdout.write('no files\n');
    continue;
  }
  passed += counts.passed;
  failed += counts.failed;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  lines.push(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
}
if (passed + failed === 0) {
  process.stdout.write(`\nNo test file matches ${filters.join(', ')}.\n`);
  failed = 1;
}
process.stdout.write(`\n${lines.join('\n')}\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
