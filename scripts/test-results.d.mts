export interface Counts {
  passed: number;
  failed: number;
}

export declare function programCounts(code: number): Counts;

export declare function vitestCounts(
  report:
    | {
        numPassedTests: number;
        numFailedTests: number;
        testResults: { status: string; assertionResults: unknown[] }[];
      }
    | undefined,
  code: number,
): Counts;

export declare function playwrightCounts(
  report: { stats: { expected: number; flaky: number; unexpected: number } } | undefined,
  code: number,
): Counts;

export declare function total(results: Counts[]): Counts;
