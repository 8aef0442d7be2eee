/** What `npm test` counts, and how it ends. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { playwrightCounts, programCounts, total, vitestCounts } from '../../../scripts/test-results.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const vitestReport = (passed: number, failed: number, unloadable = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  testResults: [
    { status: failed > 0 ? 'failed' : 'passed', assertionResults: [{}] },
    ...Array.from({ length: unloadable }, () => ({ status: 'failed', assertionResults: [] })),
  ],
});
const playwrightReport = (expected: number, flaky: number, unexpected: number) => ({
  stats: { expected, flaky, unexpected },
});

describe('the counts of a runner', () => {
  it('are those of its report', () => {
    expect(vitestCounts(vitestReport(5, 2), 1)).toEqual({ passed: 5, failed: 2 });
    expect(vitestCounts(vitestReport(5, 0), 0)).toEqual({ passed: 5, failed: 0 });
    expect(playwrightCounts(playwrightReport(4, 1, 2), 1)).toEqual({ passed: 5, failed: 2 });
    expect([programCounts(0), programCounts(2)]).toEqual([
      { passed: 1, failed: 0 },
      { passed: 0, failed: 1 },
    ]);
  });

  it('have a failure for every file that does not load', () => {
    expect(vitestCounts(vitestReport(5, 1, 2), 1)).toEqual({ passed: 5, failed: 3 });
  });

  it('have a failure when the runner failed and no test did', () => {
    expect(vitestCounts(vitestReport(5, 0), 1)).toEqual({ passed: 5, failed: 1 });
    expect(playwrightCounts(playwrightReport(0, 0, 0), 1)).toEqual({ passed: 0, failed: 1 });
  });

  it('have a failure when the runner left no report, even with exit code 0', () => {
    expect(vitestCounts(undefined, 0)).toEqual({ passed: 0, failed: 1 });
    expect(playwrightCounts(undefined, 0)).toEqual({ passed: 0, failed: 1 });
  });
});

it('the total is the sum of all runners, and no test at all is a failure', () => {
  expect(total([programCounts(0), vitestCounts(vitestReport(5, 2), 1), playwrightCounts(undefined, 1)])).toEqual({
    passed: 6,
    failed: 3,
  });
  expect(total([])).toEqual({ passed: 0, failed: 1 });
});

describe('npm test', () => {
  /** The script with other files than this one: it must not run itself. */
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(root, 'scripts', 'test.mjs'), ...words], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, TRICKLAB_TEST_REPORTS: join(root, '.cache', 'test-reports-inner') },
    });

  it('ends with the sums in one line and exit code 0 when all passed', () => {
    const { status, stdout } = run('unit/experiment/link.test.ts');
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/);
    expect(stdout).toMatch(/\nunit tests: \d+ passed, 0 failed, [\d.]+ s\n/);
    expect(status).toBe(0);
  });

  it('fails when no file matches', () => {
    const { status, stdout } = run('no-such-file');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });
});
