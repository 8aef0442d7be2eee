/** What the test runners' reports say, as counts of passed and failed tests. Nothing that went wrong may count as nothing. */

/** @typedef {{ passed: number, failed: number }} Counts */

/**
 * A runner that failed without a failed test (a crash, a file that does not load) counts as one failure.
 * @param {Counts} counts
 * @param {number} code
 */
const honest = (counts, code) => (code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts);

/**
 * A program that passes or fails as a whole.
 * @param {number} code
 */
export const programCounts = (code) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

/** Without a report the runner crashed, whatever its exit code. */
const crashed = { passed: 0, failed: 1 };

/**
 * @param {{ numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: unknown[] }[] } | undefined} report
 *   of Vitest's json reporter
 * @param {number} code
 */
export function vitestCounts(report, code) {
  if (!report) return crashed;
  // A file that does not load has no tests to fail.
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return honest({ passed: report.numPassedTests, failed: report.numFailedTests + unloadable.length }, code);
}

/**
 * @param {{ stats: { expected: number, flaky: number, unexpected: number } } | undefined} report of Playwright's json reporter
 * @param {number} code
 */
export function playwrightCounts(report, code) {
  if (!report) return crashed;
  const { expected, flaky, unexpected } = report.stats;
  return honest({ passed: expected + flaky, failed: unexpected }, code);
}

/**
 * The last line: the sum over all runners. No test at all is a failure too.
 * @param {Counts[]} results
 */
export function total(results) {
  const passed = results.reduce((sum, counts) => sum + counts.passed, 0);
  const failed = results.reduce((sum, counts) => sum + counts.failed, 0);
  return passed + failed === 0 ? crashed : { passed, failed };
}
