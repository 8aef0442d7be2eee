import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';

/** A failure in the page is a failure of the test, whatever it looked at. */
const errors: string[] = [];
test.beforeEach(({ page }) => {
  errors.length = 0;
  page.on('pageerror', (error) => errors.push(error.message));
});
test.afterEach(() => {
  expect(errors).toEqual([]);
});

const ready = (page: Page) => expect(page.getByText(/^(WebGPU|webgl|cpu)/).first()).toBeVisible();

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the page opens ready to train, without accessibility violations, in the ${colorScheme} theme`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto('./?v=1');
    await ready(page);
    await expect(page.getByRole('button', { name: 'Train', exact: true })).toBeEnabled();
    await expect(
      page.getByRole('figure', { name: 'Learning rate chart' }).locator('path.recharts-line-curve'),
    ).toHaveCount(1);
    const form = await new AxeBuilder({ page }).analyze();
    expect(form.violations).toEqual([]);
    await page.getByRole('tab', { name: 'Look' }).click();
    await expect(page.getByRole('img', { name: /^Training image/ }).first()).toBeVisible();
    const look = await new AxeBuilder({ page }).analyze();
    expect(look.violations).toEqual([]);
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    const dialog = await new AxeBuilder({ page }).analyze();
    expect(dialog.violations).toEqual([]);
  });
}

test('a broken link opens the default experiment and names every bad key', async ({ page }) => {
  await page.goto('./?v=1&mixup.alpha=banana&nonsense=3&stop.epochs=7');
  const alert = page.getByRole('alert').filter({ hasText: "can't be read" });
  await expect(alert).toContainText('mixup.alpha');
  await expect(alert).toContainText('nonsense');
  await expect(page.getByRole('region', { name: 'Stop' }).getByRole('spinbutton', { name: 'Epochs' })).toHaveValue('5');
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

test('on a phone the settings open in a drawer and nothing is wider than the screen', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('./?v=1');
  await ready(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByRole('button', { name: 'Experiment' }).click();
  await expect(page.getByRole('dialog').getByRole('switch', { name: 'Mixup' })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});
