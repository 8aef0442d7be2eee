/** Two tabs of one browser: the second reads and follows, and neither destroys what the other has. */
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { finishRun, stubTrainer } from '../support/stub-trainer';

const rowsOf = (page: Page) => page.getByRole('region', { name: 'Runs' }).locator('tbody tr:has(th)');
const train = (page: Page) => page.getByRole('button', { name: /^Train( next)?$/ }).click();

async function openTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await stubTrainer(page);
  await page.goto('./?v=1');
  return page;
}

/** A tab that trains, and one opened after it. */
async function twoTabs(context: BrowserContext) {
  const a = await openTab(context);
  await train(a);
  await expect(rowsOf(a)).toContainText('running');
  const b = await openTab(context);
  await expect(rowsOf(b)).toContainText('running in another tab');
  return { a, b };
}

/** Updates done, from the row. */
const updatesOf = async (page: Page) =>
  Number(/([\d,]+) \//.exec((await rowsOf(page).last().textContent()) ?? '')?.[1]?.replace(',', ''));

test('the second tab follows a run, and what it changes meanwhile leaves the end of the run alone', async ({
  context,
}) => {
  const { a, b } = await twoTabs(context);
  const before = await updatesOf(b);
  await expect.poll(() => updatesOf(b)).toBeGreaterThan(before);
  await rowsOf(b).getByRole('button', { name: /^Hide/ }).click();
  await finishRun(a);
  await expect(rowsOf(a)).toContainText('finished');
  await expect(rowsOf(b)).toContainText('finished');
  const text = async (page: Page) => (await rowsOf(page).textContent())?.replace(/\s+/g, ' ');
  const seen = await text(a);
  for (const page of [a, b]) {
    await page.reload();
    await expect(rowsOf(page)).toContainText('finished');
    expect(await text(page)).toBe(seen);
    await expect(rowsOf(page).getByRole('button', { name: /^Show/ })).toBeVisible();
  }
});

test('two tabs that train give their runs different names, and a deletion is final in both', async ({ context }) => {
  const { a, b } = await twoTabs(context);
  await train(b);
  await expect(rowsOf(a)).toHaveCount(2);
  const names = await rowsOf(a)
    .getByRole('button', { name: /^[a-z]+-[a-z]+$/ })
    .allTextContents();
  expect(new Set(names).size).toBe(2);
  await rowsOf(b)
    .last()
    .getByRole('button', { name: /^Delete/ })
    .click();
  await expect(rowsOf(a)).toHaveCount(1);
  await expect(a.getByRole('contentinfo')).toContainText('Idle');
  await a.reload();
  await expect(rowsOf(a)).toHaveCount(1);
  await expect(rowsOf(a)).toContainText('running in another tab');
  // The tab that trains is gone without a word.
  await b.close();
  await expect(rowsOf(a)).toContainText('stopped');
});
