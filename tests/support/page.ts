/** What a test of the page starts from: a page whose uncaught errors are failures, and the parts that many tests look at. */
import { test as base, expect, type Page } from '@playwright/test';

interface Watched {
  faultless: undefined;
  /** Directives that the page or a worker of it has violated. A test that provokes one takes it out. */
  policyViolations: string[];
}

/** Playwright's test; a failure in the page, or a violation of its policy, is a failure of the test, whatever it looked at. */
export const test = base.extend<Watched>({
  policyViolations: async ({ page }, use) => {
    const violations: string[] = [];
    await page.exposeFunction('reportViolation', (directive: string) => violations.push(directive));
    await page.addInitScript(() =>
      addEventListener('securitypolicyviolation', (event) =>
        (window as unknown as { reportViolation(directive: string): void }).reportViolation(
          (event as SecurityPolicyViolationEvent).effectiveDirective,
        ),
      ),
    );
    await use(violations);
    expect(violations).toEqual([]);
  },
  faultless: [
    async ({ page, policyViolations: _ }, use) => {
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await use(undefined);
      expect(errors).toEqual([]);
    },
    { auto: true },
  ],
});

/** The table of runs, a row each. */
export const rowsOf = (page: Page) => page.getByRole('region', { name: 'Runs' }).locator('tbody tr');
