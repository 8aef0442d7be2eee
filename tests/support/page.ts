/** What a test of the page starts from: a page whose uncaught errors are failures, and the parts that many tests look at. */
import { test as base, expect, type Page } from '@playwright/test';

/** Playwright's test; a failure in the page is a failure of the test, whatever it looked at. */
export const test = base.extend<{ faultless: undefined }>({
  faultless: [
    async ({ page }, use) => {
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
