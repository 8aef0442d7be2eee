/** The main states of the page on three screens: each is reached, has no accessibility violation, fits, and leaves a picture. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { type Course, storeRuns } from './stored-runs';

const FOLDER = '.cache/screens';

const tiny = 'v=1&resnet50-vd.width=0.0625&data.batch=32&stop.steps=400';
const base = { 'resnet50-vd.width': 0.0625, 'data.batch': 32, 'stop.steps': 400 };
const courses: Course[] = [
  { keys: base, updates: 400, floor: 0.42, top1: 0.85 },
  { keys: { ...base, 'label-smoothing': true }, updates: 400, floor: 0.71, top1: 0.862 },
  { keys: { ...base, mixup: true, 'mixup.alpha': 0.4 }, updates: 400, floor: 0.98, top1: 0.83 },
  {
    keys: { ...base, 'sgd.lr': 3, warmup: false },
    updates: 60,
    floor: 2.1,
    top1: 0.24,
    state: 'failed',
    message:
      'The loss became NaN at step 61. Likely causes: the learning rate is too high for this batch size, or there is no warmup.',
  },
];

const screens = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

const states: { name: string; query: string; reach: (page: Page) => Promise<void> }[] = [
  {
    name: 'empty',
    query: tiny,
    reach: (page) => expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible(),
  },
  {
    name: 'changed',
    query: `${tiny}&label-smoothing=on&mixup=on`,
    reach: async (page) => {
      await storeRuns(page, courses.slice(0, 1));
      await expect(page.getByText('+ label smoothing .1').first()).toBeVisible();
    },
  },
  {
    name: 'broken-link',
    query: 'v=1&mixup.alpha=banana&nonsense=3&stop.epochs=7',
    reach: (page) => expect(page.getByRole('alert').filter({ hasText: "can't be read" })).toBeVisible(),
  },
  {
    name: 'look',
    query: `${tiny}&mixup=on&mixup.alpha=1&label-smoothing=on`,
    reach: async (page) => {
      await storeRuns(page, courses.slice(0, 2));
      await page.getByRole('tab', { name: 'Look' }).click();
      await expect(page.getByRole('img', { name: /^Training image/ })).toHaveCount(12);
    },
  },
  {
    name: 'crosshair',
    query: `${tiny}&label-smoothing=on`,
    reach: async (page) => {
      await storeRuns(page, courses.slice(0, 3));
      const loss = page.getByRole('figure', { name: 'Loss chart' });
      await loss.locator('svg').first().hover();
      await expect(loss.getByText(/^update \d+$/)).toBeVisible();
      await expect(page.getByText(/^update \d+$/)).toHaveCount(4);
    },
  },
  {
    name: 'device',
    query: 'v=1',
    reach: async (page) => {
      await page.getByRole('button', { name: /^WebGPU/ }).click();
      await expect(page.getByRole('dialog')).toContainText('FLOP/s');
    },
  },
  {
    name: 'credits',
    query: tiny,
    reach: async (page) => {
      await page.getByRole('button', { name: /Zalando/ }).click();
      await expect(page.getByRole('dialog')).toContainText('Licence: MIT');
    },
  },
  {
    name: 'runs',
    query: tiny,
    reach: async (page) => {
      await storeRuns(page, courses);
      await expect(page.getByRole('region', { name: 'Runs' }).locator('tbody tr:has(th)')).toHaveCount(courses.length);
    },
  },
];

for (const { name: screen, colorScheme, viewport } of screens) {
  for (const { name, query, reach } of states) {
    test(`${name}, ${screen}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await page.goto(`./?${query}`);
      await expect(page.getByText(/^(WebGPU|webgl|cpu)/).first()).toBeVisible();
      await reach(page);
      await expect(page.getByText('measuring')).toHaveCount(0);
      await page.screenshot({ path: `${FOLDER}/${name}-${screen}.png` });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  }
}
