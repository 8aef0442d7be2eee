/**
 * Sets up, runs every check and ends with one line: `N passed, N failed`, the sum over all of them (types, lint and knip count as one each).
 * `npm test -- [FILE ...]` runs only the test files whose path contains one of the words, without these three.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findLlvmpipe, llvmpipeTests } from './llvmpipe.mjs';
import { setUp } from './setup.mjs';
import { playwrightCounts, programCounts, total, vitestCounts } from './test-results.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Its own test runs it inside itself.
const reports = process.env.TRICKLAB_TEST_REPORTS ?? join(root, '.cache', 'test-reports');
const filters = process.argv.slice(2).map((word) => word.replaceAll('\\', '/'));

/**
 * Runs a program of node_modules with this Node: no shell, no .cmd files. Resolves to its exit code.
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<number>}
 */
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

/** @param {string} path */
const wanted = (path) => filters.length === 0 || filters.some((word) => path.includes(word));

/**
 * The wanted test files below a folder of tests/.
 * @param {string} name
 * @param {string} ending
 */
function filesOf(name, ending) {
  const folder = join(root, 'tests', name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => relative(root, join(folder, name)).replaceAll('\\', '/'))
    .filter((path) => path.endsWith(ending) && wanted(path));
}

/**
 * The runner's report; undefined if it died before or while it wrote one.
 * @param {string} file
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} project
 * @param {string[]} files
 */
async function vitest(project, files = filesOf(project, '.test.ts')) {
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
  return vitestCounts(readReport(report), code);
}

/** The kernels a second time, on the second adapter. Where that is missing nothing counts, and a line says so. */
async function llvmpipe() {
  const files = llvmpipeTests.filter(wanted);
  const { missing } = findLlvmpipe();
  if (files.length === 0 || !missing) return vitest('llvmpipe', files);
  lines.push(`tests on llvmpipe: skipped, ${missing}`);
}

async function playwright() {
  const files = filesOf('e2e', '.spec.ts');
  if (files.length === 0) return;
  const report = join(reports, 'e2e.json');
  const code = await run('@playwright/test/cli.js', ['test', ...(filters.length ? files : [])], {
    TRICKLAB_E2E_REPORT: report,
  });
  return playwrightCounts(readReport(report), code);
}

/**
 * @param {string} program
 * @param {string[]} args
 */
const whole = async (program, args) => programCounts(await run(program, args));
const everything = filters.length === 0;
/** @type {[name: string, run: () => Promise<import('./test-results.mjs').Counts | undefined>][]} */
const checks = [
  ['types', () => whole('typescript/bin/tsc', ['--noEmit'])],
  ['lint', () => whole('@biomejs/biome/bin/biome', ['check', '--error-on-warnings'])],
  ['unused files, exports and dependencies', () => whole('knip/bin/knip.js', ['--no-progress'])],
];
/** @type {typeof checks} */
const runners = [
  ...(everything ? checks : []),
  ['unit tests', () => vitest('unit')],
  [
    'browser and WebGPU tests',
    () =>
      vitest(
        'browser',
        ['browser', 'gpu'].flatMap((name) => filesOf(name, '.test.ts')),
      ),
  ],
  ['tests on llvmpipe', llvmpipe],
  ['command line tests', () => vitest('cli')],
  ['page tests', playwright],
];

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
/** @type {import('./test-results.mjs').Counts[]} */
const results = [];
/** @type {string[]} */
const lines = [];
if (await setUp({ browser: true })) {
  for (const [name, runner] of runners) {
    process.stdout.write(`\n> ${name}\n`);
    const start = performance.now();
    const counts = await runner();
    if (!counts) {
      process.stdout.write('nothing to run\n');
      continue;
    }
    results.push(counts);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    lines.push(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
  }
  if (results.length === 0) lines.push(`No test file matches ${filters.join(', ')}.`);
} else {
  lines.push('Set-up failed: no test ran.');
}
const { passed, failed } = total(results);
process.stdout.write(`\n${lines.join('\n')}\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
