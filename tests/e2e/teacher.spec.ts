/** A run teaches another; weights leave the page as a file and come back; what can't teach is said. */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { rowsOf, test } from '../support/page';

const small =
  './?v=1&resnet50-vd.width=0.125&data.batch=8&data.fraction=0.01&stop.steps=10&data.size=16&data.evalFraction=0.01';

const trainButton = (page: Page) => page.getByRole('button', { name: 'Train', exact: true });
const teacherOf = (page: Page) => page.getByRole('combobox', { name: 'Teacher' });
/** Opens the menu of a row and presses an item. */
const press = async (page: Page, row: number, item: string) => {
  await rowsOf(page)
    .nth(row)
    .getByRole('button', { name: /^Download .*, or learn from it$/ })
    .click();
  const menu = page.getByRole('dialog');
  await expect(menu.getByRole('button')).toHaveCount(3);
  await page.screenshot({ path: '.cache/screens/run-menu-light.png' });
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await menu.getByRole('button', { name: item }).click();
  await expect(menu).toHaveCount(0);
};

const weightsFile = (page: Page) => page.getByLabel('Weights file');

test('a finished run teaches another; its weights come back as a file; a broken file is refused in words', async ({
  page,
}) => {
  await page.goto(small);
  await page.getByRole('switch', { name: 'Distillation' }).check({ force: true });
  await expect(teacherOf(page)).toContainText('none kept yet: train a run first');
  await expect(page.getByText('No teacher is chosen: a run needs one')).toBeVisible();
  await trainButton(page).click();
  await expect(page.getByRole('alert').filter({ hasText: "Training can't start" })).toContainText(
    'no teacher is chosen',
  );
  await expect(rowsOf(page)).toHaveCount(0);

  await page.getByRole('switch', { name: 'Distillation' }).uncheck({ force: true });
  await trainButton(page).click();
  await expect(page.getByRole('alert').filter({ hasText: "Training can't start" })).toHaveCount(0);
  await expect(rowsOf(page).first()).toContainText('finished', { timeout: 200_000 });

  await press(page, 0, 'Use as teacher');
  await expect(page.getByRole('switch', { name: 'Distillation' })).toBeChecked();
  await expect(teacherOf(page).locator('option:checked')).toHaveText(/^[a-z]+-[a-z]+ · ResNet-50-vd · \d+\.\d %$/);
  await expect(page.getByRole('region', { name: 'Training' })).toContainText('+ distillation');
  await teacherOf(page).scrollIntoViewIfNeeded();
  await page.screenshot({ path: '.cache/screens/teacher-light.png' });
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await trainButton(page).click();
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(rowsOf(page).first()).toContainText('finished', { timeout: 200_000 });
  await expect(rowsOf(page).first()).toContainText('10');
  await expect(teacherOf(page).locator('option')).toHaveCount(3);

  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 1, 'Download weights')]);
  expect(download.suggestedFilename()).toMatch(/^tricklab-[a-z]+-[a-z]+\.safetensors$/);
  const path = await download.path();

  await weightsFile(page).setInputFiles({
    name: 'broken.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('this is no weights file'),
  });
  await expect(page.getByRole('alert').filter({ hasText: 'Not a valid safetensors file' })).toBeVisible();
  await page.screenshot({ path: '.cache/screens/teacher-broken-light.png' });

  await weightsFile(page).setInputFiles({
    name: 'a teacher from a file.safetensors',
    mimeType: 'application/octet-stream',
    buffer: readFileSync(path),
  });
  await expect(teacherOf(page).locator('option:checked')).toHaveText('a teacher from a file · ResNet-50-vd');
  await expect(page.getByRole('alert').filter({ hasText: 'safetensors' })).toHaveCount(0);

  // All of it is there after a reload; weights go with their run.
  await page.reload();
  await expect(teacherOf(page).locator('option:checked')).toHaveText('a teacher from a file · ResNet-50-vd');
  await expect(teacherOf(page).locator('option')).toHaveCount(4);
  await rowsOf(page)
    .last()
    .getByRole('button', { name: /^Delete/ })
    .click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(teacherOf(page).locator('option')).toHaveCount(4);
  await rowsOf(page)
    .last()
    .getByRole('button', { name: /^Delete/ })
    .click();
  await expect(rowsOf(page)).toHaveCount(1);
  // Another file's weights go at once, those of the run when it can't be brought back any more.
  await page.getByRole('button', { name: 'Delete the weights a teacher from a file' }).click();
  await expect(teacherOf(page).locator('option')).toHaveCount(3);
  await page.reload();
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(teacherOf(page).locator('option')).toHaveCount(2);

  await page.goto(`${small}&distillation=on&distillation.teacher=never-seen`);
  await expect(teacherOf(page).locator('option:checked')).toHaveText('never-seen: not in this browser');
  await trainButton(page).click();
  await expect(page.getByRole('alert').filter({ hasText: "Training can't start" })).toContainText('never-seen');
  await expect(rowsOf(page)).toHaveCount(1);
});
