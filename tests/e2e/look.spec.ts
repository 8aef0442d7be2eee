import { expect, type Page } from '@playwright/test';
import { plan } from '../../src/cli/commands/plan';
import { rowsOf, test } from '../support/page';
import { type Course, storeRuns } from '../support/stored-runs';

const said = (page: Page) => page.getByRole('region', { name: 'What a run says' });
const openTab = (page: Page, name: string) => page.getByRole('tab', { name }).click();

/** The numbers of the only confusion matrix, row by row. */
const matrixOf = (page: Page) =>
  said(page)
    .getByRole('region', { name: /^Confusion matrix/ })
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => Array.from(row.querySelectorAll('td'), (cell) => Number(cell.textContent))),
    );

test('a trained run shows every validation image in its confusion matrix, its mistakes as images, and keeps them', async ({
  page,
}) => {
  // 100 of the 10,000 validation images.
  await page.goto(
    './?v=1&resnet50-vd.width=0.0625&data.batch=16&data.fraction=0.01&stop.steps=12&data.size=16&data.evalFraction=0.01',
  );
  await openTab(page, 'Look');
  await expect(said(page)).toContainText('Train something first');
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(said(page)).toContainText('100 images of the split “validation” after update 12', { timeout: 280_000 });
  const matrix = await matrixOf(page);
  expect(matrix).toHaveLength(10);
  const total = matrix.flat().reduce((sum, images) => sum + images, 0);
  const right = matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  expect(total).toBe(100);
  await openTab(page, 'Runs');
  await expect(rowsOf(page).first()).toContainText('finished');
  await expect(rowsOf(page).first()).toContainText(`${right.toFixed(1)} %`);

  await page.reload();
  await openTab(page, 'Look');
  await expect.poll(() => matrixOf(page)).toEqual(matrix);
  const mistakes = said(page).getByRole('img', { name: /^Validation image \d{8}: / });
  await expect(mistakes).toHaveCount(Math.min(12, 100 - right));
  // An image of 16 px that shows something has pixels that are not black.
  await expect
    .poll(() =>
      mistakes.evaluateAll((all) =>
        all.every((one) => {
          const canvas = one as HTMLCanvasElement;
          const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
          return canvas.width === 16 && Array.from(pixels).some((value, i) => i % 4 !== 3 && value > 40);
        }),
      ),
    )
    .toBe(true);

  await openTab(page, 'Runs');
  await page.getByRole('button', { name: /^Delete/ }).click();
  await openTab(page, 'Look');
  await expect(said(page)).toContainText('Train something first');
  await openTab(page, 'Runs');
  await page.getByRole('button', { name: 'Undo' }).click();
  await openTab(page, 'Look');
  await expect(said(page)).toContainText('100 images');
  await expect.poll(() => matrixOf(page)).toEqual(matrix);
});

test('the page shows the images and targets of the batch that the command line plans', async ({ page }) => {
  const link = 'v=1&mixup=on&mixup.alpha=8&label-smoothing=on&data.fraction=0.5&seed=11';
  const quiet = { stdout: () => {}, stderr: () => {} };
  const { result } = await plan.run([link, '--epoch', '1', '--step', '0'], quiet);
  const { targets, labels } = result as { targets: number[][]; labels: number[] };
  const info = await page.request.get('./datasets/fashion-mnist/_info.json');
  const { classes }: { classes: string[] } = await info.json();
  const expected = targets.slice(0, 16).map((target) =>
    target
      .map((share, label) => ({ share, name: classes[label] }))
      .filter(({ share }) => share > 0.1 / classes.length + 1e-6)
      .sort((a, b) => b.share - a.share)
      .map(({ name, share }) => `${name} ${(share * 100).toFixed(1)} %`)
      .join(', '),
  );
  expect(new Set(labels).size).toBeGreaterThan(3);
  await page.goto(`./?${link}`);
  await openTab(page, 'Look');
  await page.getByRole('button', { name: 'Epoch after' }).click();
  const pictures = page.getByRole('img', { name: /^Training image: / });
  await expect
    .poll(() => pictures.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label'))))
    .toEqual(expected.map((words) => `Training image: ${words}`));
});

const courses: Course[] = [
  { keys: {}, updates: 120, floor: 0.4, top1: 0.9, sureness: 12 },
  { keys: { 'label-smoothing': true }, updates: 120, floor: 0.7, top1: 0.8, sureness: 5 },
];

test('a threshold is chosen with the keyboard, or for a wanted precision, and differs between two runs', async ({
  page,
}) => {
  await page.goto('./?v=1');
  await storeRuns(page, courses);
  await openTab(page, 'Look');
  await said(page).getByLabel('beside').selectOption({ index: 1 });
  const part = said(page).getByRole('region', { name: 'Precision and recall' });
  const rows = part.locator('tbody tr');
  await expect(rows).toHaveCount(2);
  const threshold = part.getByRole('slider', { name: 'Threshold' });
  await threshold.focus();
  await page.keyboard.press('Home');
  // Everything is said: the precision of ten classes is a tenth.
  for (const run of [0, 1]) await expect(rows.nth(run)).toContainText('10.0 %100.0 %4,000');
  await page.keyboard.press('ArrowRight');
  await expect(part.getByRole('columnheader').first()).toHaveText('At 0.005');

  const precisionOf = async (run: number) => Number(/(\d+\.\d) %/.exec((await rows.nth(run).textContent()) ?? '')?.[1]);
  await part.getByLabel('wanted precision').fill('95');
  const chosen = part.getByRole('listitem').getByRole('button');
  const thresholds = (await chosen.allTextContents()).map(Number);
  // The newest run, smoothed, stands first: its probabilities are lower.
  expect(thresholds[0]).toBeLessThan(thresholds[1] as number);
  for (const run of [0, 1]) {
    await chosen.nth(run).click();
    expect(await precisionOf(run)).toBeGreaterThanOrEqual(95);
  }
  await part.getByLabel('wanted precision').fill('many');
  await expect(part.getByRole('alert')).toContainText('from 0 to 100');
});

test('of many classes the pairs that are mixed up most are listed, and runs of other classes are not laid beside', async ({
  page,
}) => {
  await page.goto('./?v=1');
  const classes = Array.from({ length: 41 }, (_, i) => `kind ${i}`);
  await storeRuns(page, [...courses, { keys: {}, updates: 120, floor: 0.4, top1: 0.9, sureness: 5, classes }]);
  await openTab(page, 'Look');
  const confusion = said(page).getByRole('region', { name: 'Confusion', exact: true });
  await expect(confusion.getByRole('columnheader', { name: 'Taken for' })).toBeVisible();
  const shares = await confusion.locator('tbody td:nth-child(3)').allTextContents();
  expect(shares.length).toBeGreaterThan(0);
  expect(shares.map(Number)).toEqual(shares.map(Number).toSorted((a, b) => b - a));
  await said(page).getByLabel('beside').selectOption({ index: 1 });
  await expect(said(page)).toContainText('different classes');
});

test('the learning rate is read at any update, with the keys and by dragging', async ({ page }) => {
  await page.goto('./?v=1&stop.steps=500');
  await openTab(page, 'Look');
  const part = page.getByRole('region', { name: 'Learning rate', exact: true });
  await part.getByRole('slider').focus();
  await page.keyboard.press('Home');
  await expect(part).toContainText('0 at update 1,');
  await page.keyboard.press('End');
  await expect(part).toContainText('at update 500,');
  const box = await part.getByRole('slider').boundingBox();
  if (!box) throw new Error('The curve has no place on the page.');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 0.9 * box.width, y);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.5 * box.width, y, { steps: 4 });
  await page.mouse.up();
  // Half of 500, within a pixel or two.
  const update = Number(/at update (\d+),/.exec((await part.textContent()) ?? '')?.[1]);
  expect(Math.abs(update - 250)).toBeLessThan(3);
});

test('a published row is loaded, is the preset of that name, and its table says what it can be compared with', async ({
  page,
}) => {
  await page.goto('./?v=1');
  await openTab(page, 'Reference');
  await page.getByRole('button', { name: 'Load Training refinements: + mixup, without distillation' }).click();
  await expect(page.getByLabel('Preset', { exact: true })).toHaveValue('paper-mixup');
  await expect(page.getByRole('switch', { name: 'Mixup' })).toBeChecked();
  await expect(page).toHaveURL(/mixup=on/);
  const article = page.getByRole('region', { name: 'CMT-tiny on a fifth of ImageNet', exact: true });
  await expect(article).toContainText('55.076 %');
  await expect(article).toContainText('Not row by row');
});
