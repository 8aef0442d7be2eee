/** The Performance tab: what an update costs, and the benchmark, run for real and shared. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from '../support/page';

const small =
  './?v=1&resnet50-vd.width=0.125&data.batch=8&data.fraction=0.01&stop.steps=12&data.size=16&data.evalFraction=0.01';
const link = 'bench=1~Somebody else: GPU~50,300,2400~residual,2.5,31.4,0.21~resnet-vd,4.1,,0.3';

const benchmark = (page: Page) => page.getByRole('region', { name: 'Benchmark' });
const table = (page: Page, whose: RegExp) => benchmark(page).getByRole('table', { name: whose });

const screens = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 1300 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 1300 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 390, height: 1900 } },
] as const;

/** Pictures of what is there, on three screens where it fits and is accessible. */
async function picture(page: Page, state: string) {
  for (const { name, colorScheme, viewport } of screens) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await benchmark(page).getByRole('table').last().scrollIntoViewIfNeeded();
    await page.screenshot({ path: `.cache/screens/${state}-${name}.png` });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }
}

test('a run shows what an update costs, which kernels were chosen, and where the time goes', async ({ page }) => {
  await page.goto(
    `${small}&${link}`.replace('stop.steps=12', 'stop.steps=4000').replace('fraction=0.01', 'fraction=1'),
  );
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  const cost = page.getByRole('region', { name: 'Cost of an update' });
  await expect(cost).toContainText(/Images\d[\d,.]*\/s/, { timeout: 200_000 });
  await expect(cost).toContainText(/Submits[123]/);
  await expect(benchmark(page).getByRole('button', { name: 'Run the benchmark' })).toBeDisabled();
  await expect(benchmark(page)).toContainText('A run is in progress');
  const chosen = page.getByRole('region', { name: 'Kernels chosen' });
  await chosen.getByText(/^conv-forward/).click();
  await expect(chosen.getByRole('rowheader').first()).toContainText(
    /^8x\d+x\d+x\d+ to 8x\d+x\d+x\d+ k[137] s[12] p[013]/,
  );
  await page.getByRole('button', { name: 'Time the next update' }).click();
  await expect(page.getByRole('region', { name: 'Time by kernel' })).toContainText(/conv-forward\d+/);
  await picture(page, 'performance');
});

test('the benchmark runs on this device, can be cancelled, and its link shows the numbers to others', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./?v=1');
  await page.getByRole('tab', { name: 'Performance' }).click();
  const run = benchmark(page).getByRole('button', { name: 'Run the benchmark' });
  await run.click();
  await expect(benchmark(page).getByRole('status').first()).toContainText('Adapter');
  await benchmark(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(benchmark(page).getByRole('table')).toHaveCount(0);

  await benchmark(page).getByRole('combobox', { name: 'Train' }).selectOption('Five residual layers');
  await run.click();
  const own = table(page, /^This device/);
  await expect(own).toBeVisible({ timeout: 200_000 });
  const cells = await own
    .getByRole('row', { name: /^Five residual layers/ })
    .getByRole('cell')
    .allTextContents();
  // Ours, stock tfjs, and how many times faster ours is: three numbers that agree to the digits shown.
  const [ours, stock, times] = cells.map((cell) => Number.parseFloat(cell.replaceAll(',', ''))) as [
    number,
    number,
    number,
  ];
  expect(Math.abs(times - stock / ours), cells.join(' | ')).toBeLessThan(0.05 + 0.01 * times);
  await benchmark(page).getByRole('button', { name: 'Markdown' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`| ${cells.join(' | ')} |`);

  await benchmark(page).getByRole('button', { name: 'Link' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.length).toBeLessThan(250);
  const other = await context.newPage();
  await other.goto(copied);
  for (const whose of [/^This device/, /^From the link/])
    await expect(table(other, whose).getByRole('row', { name: /^Five residual layers/ })).toContainText(cells.join(''));
  await picture(other, 'benchmark');
});

test('a run that is started cancels the benchmark, and a benchmark that cannot be read leaves the settings alone', async ({
  page,
}) => {
  await page.goto(`${small}&bench=1~%3Cb%3E`);
  await expect(benchmark(page).getByRole('alert')).toHaveText("The benchmark in this link can't be read.");
  await expect(page.getByRole('spinbutton', { name: 'Batch', exact: true })).toHaveValue('8');
  await benchmark(page).getByRole('button', { name: 'Run the benchmark' }).click();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(benchmark(page).getByRole('alert')).toHaveText('Cancelled: a run was started meanwhile.');
});
