import { expect, type Page } from '@playwright/test';
import { test } from '../support/page';
import { type Course, storeRuns } from '../support/stored-runs';

const runRows = (page: Page) => page.getByRole('region', { name: 'Runs' }).locator('tbody tr:has(th)');

/** Two runs that differ by one trick. */
const courses: Course[] = [
  { keys: {}, updates: 120, floor: 0.4, top1: 0.9 },
  { keys: { 'label-smoothing': true }, updates: 120, floor: 0.7, top1: 0.8 },
];

test('a broken link names every bad key and keeps the others', async ({ page }) => {
  await page.goto('./?v=1&mixup.alpha=banana&nonsense=3&stop.epochs=7');
  const alert = page.getByRole('alert').filter({ hasText: 'not all was taken' });
  await expect(alert).toContainText('mixup.alpha');
  await expect(alert).toContainText('nonsense');
  await expect(page.getByRole('region', { name: 'Stop' }).getByRole('spinbutton', { name: 'Epochs' })).toHaveValue('7');
});

test('the address follows every change, a copy of it opens the same settings, and back undoes', async ({
  page,
  context,
}) => {
  await page.goto('./?v=1');
  await page.getByRole('switch', { name: 'Mixup' }).check({ force: true });
  await expect(page).toHaveURL(/mixup=on/);
  await page.getByRole('spinbutton', { name: 'Alpha' }).fill('0.4');
  await expect(page).toHaveURL(/mixup\.alpha=0\.4/);
  const copy = await context.newPage();
  await copy.goto(page.url());
  await expect(copy.getByRole('switch', { name: 'Mixup' })).toBeChecked();
  await expect(copy.getByRole('spinbutton', { name: 'Alpha' })).toHaveValue('0.4');
  await page.goBack();
  await page.goBack();
  await expect(page.getByRole('switch', { name: 'Mixup' })).not.toBeChecked();
});

test('copy link puts the address of the settings on the form into the clipboard', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./?v=1');
  await page.getByRole('switch', { name: 'CutMix' }).check({ force: true });
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Link copied' })).toBeAttached();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(page.url());
  expect(copied).toContain('cutmix=on');
});

test('mixing shows soft targets of two classes on the images', async ({ page }) => {
  await page.goto('./?v=1&mixup=on&mixup.alpha=8');
  await page.getByRole('tab', { name: 'Look' }).click();
  const pictures = page.getByRole('img', { name: /^Training image: .+ \d+\.\d %, .+ \d+\.\d %/ });
  await expect(pictures.first()).toBeVisible();
  const before = await pictures.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  await page.getByRole('button', { name: 'Epoch after' }).click();
  await expect
    .poll(() => pictures.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label'))))
    .not.toEqual(before);
});

test('an optimizer brings its own options, and the average of the weights its curve, column and warning', async ({
  page,
}) => {
  await page.goto('./?v=1&optimizer=adamw&ema=on');
  const optimizer = page.getByRole('region', { name: 'Optimizer' });
  await expect(optimizer.getByRole('spinbutton', { name: 'Beta 2' })).toHaveValue('0.999');
  await expect(optimizer.getByRole('spinbutton', { name: 'Epsilon' })).toHaveValue('1e-8');
  await optimizer.getByRole('combobox').selectOption('LARS');
  await expect(page).toHaveURL(/optimizer=lars/);
  await optimizer.getByRole('spinbutton', { name: 'Weight decay' }).fill('0');
  await expect(optimizer.getByText('as in timm')).toBeVisible();
  await page.getByRole('spinbutton', { name: 'At most' }).fill('100');
  await expect(optimizer.getByText('98 % of the average')).toBeVisible();

  await storeRuns(page, courses);
  await expect(page.getByRole('columnheader', { name: 'EMA top-1' })).toHaveCount(0);
  await storeRuns(page, [{ keys: { ema: true }, updates: 120, floor: 0.4, top1: 0.9, gain: 0.04 }]);
  await expect(page.getByRole('columnheader', { name: 'EMA top-1' })).toBeVisible();
  await expect(runRows(page).filter({ hasText: '87.5 %' })).toContainText('91.5 %');
  const loss = page.getByRole('figure', { name: 'Loss' });
  await expect(loss.getByText('EMA')).toBeVisible();
  // To the right of the first validation.
  await page
    .locator('.recharts-wrapper')
    .first()
    .hover({ position: { x: 420, y: 100 } });
  await expect(page.locator('.recharts-tooltip-wrapper').first()).toContainText('EMA');
});

test('search narrows the settings, and reset puts a changed part back', async ({ page }) => {
  await page.goto('./?v=1&label-smoothing=on');
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('smooth');
  await expect(page.getByRole('switch', { name: 'Label smoothing' })).toBeChecked();
  await expect(page.getByRole('switch', { name: 'Mixup' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Reset Label smoothing' }).click();
  await expect(page.getByRole('switch', { name: 'Label smoothing' })).not.toBeChecked();
  await expect(page.getByRole('button', { name: 'Reset Label smoothing' })).toHaveCount(0);
});

test('a value out of range is refused in words and changes nothing', async ({ page }) => {
  await page.goto('./?v=1');
  await page.getByRole('spinbutton', { name: 'Momentum' }).fill('7');
  await expect(page.getByRole('alert').filter({ hasText: 'from 0 to 0.999' })).toBeVisible();
  expect(page.url()).not.toContain('momentum');
});

test('the page can be used from the keyboard alone', async ({ page }) => {
  await page.goto('./?v=1');
  // The first press may come before the page listens.
  await expect(async () => {
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard' })).toBeVisible({ timeout: 2000 });
  }).toPass();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const theme = page.locator('html');
  await expect(theme).toHaveAttribute('data-mantine-color-scheme', 'light');
  await page.keyboard.press('t');
  await expect(theme).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search settings' })).toBeFocused();
  // Letters typed into a box are text, not shortcuts.
  await page.keyboard.type('cutmix t?');
  await expect(theme).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await page.getByRole('searchbox').fill('cutmix');
  const toggle = page.getByRole('switch', { name: 'CutMix' });
  for (let i = 0; i < 10 && !(await toggle.evaluate((input) => input === document.activeElement)); i++)
    await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect(toggle).toBeChecked();
  await expect(page).toHaveURL(/cutmix=on/);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Reset CutMix' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(toggle).not.toBeChecked();
});

test('stored runs come back after a reload: drawn, sorted, hidden, renamed, deleted and brought back', async ({
  page,
}) => {
  await page.goto('./?v=1');
  await storeRuns(page, courses);
  await expect(runRows(page)).toHaveCount(2);
  const drawn = page
    .getByRole('figure', { name: 'Throughput chart' })
    .locator('path.recharts-line-curve:not([stroke-width="1"])');
  await expect(drawn).toHaveCount(2);
  await expect(runRows(page).first()).toContainText('+ label smoothing .1');

  await page.getByRole('button', { name: 'Top-1' }).click();
  await expect(runRows(page).first()).toContainText('the default');
  await expect(page.getByRole('columnheader', { name: 'Top-1' })).toHaveAttribute('aria-sort', 'descending');

  await runRows(page).first().getByRole('button', { name: /^Hide/ }).click();
  await expect(drawn).toHaveCount(1);

  await runRows(page)
    .first()
    .getByRole('button', { name: /^\w+-\w+$/ })
    .click();
  await page.keyboard.type('baseline');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Delete baseline' })).toBeVisible();

  await page.reload();
  await expect(page.getByRole('button', { name: 'Show baseline' })).toBeVisible();
  await expect(drawn).toHaveCount(1);

  await page.getByRole('button', { name: 'Show baseline' }).click();
  await page.getByRole('button', { name: 'Delete baseline' }).focus();
  await page.keyboard.press('Enter');
  await expect(runRows(page)).toHaveCount(1);
  await expect(drawn).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(runRows(page)).toHaveCount(2);
  await expect(drawn).toHaveCount(2);

  await page.reload();
  await expect(drawn).toHaveCount(2);
  await page.getByRole('button', { name: 'Delete baseline' }).click();
  await expect(runRows(page)).toHaveCount(1);
  await page.reload();
  await expect(runRows(page)).toHaveCount(1);
});

test('the x axis of all charts can be updates, epochs, images or time', async ({ page }) => {
  await page.goto('./?v=1');
  await storeRuns(page, courses.slice(0, 1));
  const last = (chart: string) =>
    page.getByRole('figure', { name: `${chart} chart` }).locator('.recharts-xAxis-tick-labels text');
  await expect(last('Loss').last()).toHaveText('4,000');
  for (const [axis, text] of [
    ['Epochs', '5'],
    ['Images', '250 k'],
    ['Time', '25 s'],
  ] as const) {
    await page.getByRole('region', { name: 'Charts' }).getByText(axis, { exact: true }).click();
    for (const chart of ['Loss', 'Accuracy', 'Learning rate', 'Throughput'])
      await expect(last(chart).last()).toHaveText(text);
  }
});

test('a page that is opened without settings chooses an experiment that this device trains in minutes', async ({
  page,
}) => {
  await page.goto('./');
  const training = page.getByRole('region', { name: 'Training' });
  await expect(training).toContainText('sized to this device');
  await expect(training).toContainText(/Training\s*≈ \d+ (s|min)/);
});

test('on a phone the settings open in a drawer', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('./?v=1');
  await page.getByRole('button', { name: 'Experiment' }).click();
  await page.getByRole('dialog').getByRole('switch', { name: 'Mixup' }).check({ force: true });
  await page.getByRole('button', { name: 'Close the experiment' }).click();
  await expect(page).toHaveURL(/mixup=on/);
});
