/** A run that no device has the memory for is refused before it starts, with the setting that fits a press away. */
import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { rowsOf, test } from '../support/page';
import { stubTrainer } from '../support/stub-trainer';

const huge = './?v=1&resnet50-vd.width=2&resnet50-vd.depths=3,4,6,3&data.size=512&data.batch=1024';

test('what cannot fit is said beside Train, is not trained, and one press makes it fit', async ({ page }) => {
  await stubTrainer(page);
  await page.goto(huge);
  const training = page.getByRole('region', { name: 'Training', exact: true });
  const refusal = training.getByRole('alert');
  await expect(refusal).toContainText('This does not fit here. It would take about');
  await expect(refusal).toContainText('384.0 GB');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await training.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'has no room on this device' })).toBeVisible();
  await expect(rowsOf(page).getByText('preparing')).toHaveCount(0);
  await refusal.getByRole('button', { name: /^Take a batch of \d+/ }).click();
  await expect(page).toHaveURL(/data\.batch=\d{1,3}(&|$)/);
  await expect(refusal).toHaveCount(0);
  await training.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(training.getByRole('button', { name: 'Stop' })).toBeVisible();
});
