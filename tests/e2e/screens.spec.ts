/** The main states of the page on three screens: each is reached, has no accessibility violation, fits, and leaves a picture. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { changedKeys } from '../../src/experiment/changes';
import { presets } from '../../src/experiment/presets';
import { defaultExperiment } from '../../src/experiment/schema';
import { type Course, storeRuns } from '../support/stored-runs';

/** What a preset changes of the default. */
const changesOf = (id: string) => {
  const preset = presets.find((candidate) => candidate.id === id);
  if (!preset) throw new Error(`There is no preset ${id}.`);
  return changedKeys(preset.experiment, defaultExperiment());
};

const FOLDER = '.cache/screens';

const tiny = 'v=1&resnet50-vd.width=0.0625&data.batch=32&stop.steps=400';
const base = { 'resnet50-vd.width': 0.0625, 'data.batch': 32, 'stop.steps': 400 };
const courses: Course[] = [
  { keys: base, updates: 400, floor: 0.42, top1: 0.85, sureness: 12 },
  { keys: { ...base, 'label-smoothing': true }, updates: 400, floor: 0.71, top1: 0.862, sureness: 5 },
  { keys: { ...base, ema: true, 'ema.decay': 0.98 }, updates: 400, floor: 0.4, top1: 0.84, gain: 0.03 },
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

/** Two seeds of the row of a published table, and one of its baseline. */
const rows: Course[] = [
  { keys: changesOf('paper-resnet-d'), updates: 300, floor: 0.5, top1: 0.83 },
  { keys: changesOf('paper-cosine'), updates: 300, floor: 0.45, top1: 0.85 },
  { keys: { ...changesOf('paper-cosine'), seed: '2' }, updates: 300, floor: 0.45, top1: 0.844 },
].map((course) => ({ ...course, hidden: true }));

const screens = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

/** A state of the page, and the way to it from the one before. */
interface State {
  name: string;
  reach: (page: Page) => Promise<void>;
  /** Back to where the next state begins. */
  leave?: (page: Page) => Promise<void>;
  only?: 'narrow';
}

const dialog = (name: string, button: RegExp, words: string): State => ({
  name,
  reach: async (page) => {
    await page.getByRole('button', { name: button }).click();
    await expect(page.getByRole('dialog')).toContainText(words);
  },
  leave: async (page) => {
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  },
});

/** Whether every canvas shows something. */
const areDrawn = (canvases: Element[]) =>
  canvases.every((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) return false;
    const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
    return data?.some((value) => value > 0) ?? false;
  });

const open = async (page: Page, query: string) => {
  await page.goto(`./?${query}`);
  await expect(page.getByRole('button', { name: /^(WebGPU|webgl|cpu)/ })).toBeVisible();
  await expect(page.getByText('measuring')).toHaveCount(0);
};

const states: State[] = [
  {
    name: 'empty',
    reach: async (page) => {
      await open(page, tiny);
      await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeAttached();
    },
  },
  dialog('keyboard', /^Keyboard shortcuts/, 'pause and resume'),
  dialog('device', /^(WebGPU|webgl|cpu)/, 'FLOP/s'),
  dialog('credits', /Zalando Research/, 'Licence: MIT'),
  { ...dialog('settings', /^Experiment$/, 'Label smoothing'), only: 'narrow' },
  {
    name: 'broken-link',
    reach: async (page) => {
      await open(page, 'v=1&mixup.alpha=banana&nonsense=3&stop.epochs=7');
      await expect(page.getByRole('alert').filter({ hasText: 'not all was taken' })).toBeVisible();
    },
  },
  {
    name: 'runs',
    reach: async (page) => {
      await page.goto(`./?${tiny}&mixup=on&mixup.alpha=1&label-smoothing=on`);
      await storeRuns(page, [...courses, ...rows]);
      await expect(page.getByRole('rowheader')).toHaveCount(courses.length + rows.length);
      await expect(page.getByRole('region', { name: 'Training' })).toContainText('Changed since');
      await expect(page.getByText('measuring')).toHaveCount(0);
    },
  },
  {
    name: 'crosshair',
    reach: async (page) => {
      await page.locator('.recharts-wrapper').first().hover();
      const readouts = page.locator('.recharts-tooltip-wrapper').getByText(/^update \d+$/);
      // A chart that is off the screen, as on a phone, is not drawn.
      await expect(readouts).toHaveCount(await page.locator('.recharts-wrapper').count());
      expect(await readouts.count()).toBeGreaterThan(1);
      expect(new Set(await readouts.allTextContents()).size).toBe(1);
    },
    leave: (page) => page.mouse.move(0, 0),
  },
  {
    name: 'look',
    reach: async (page) => {
      await page.getByRole('tab', { name: 'Look' }).click();
      await expect(page.getByRole('img', { name: /^Training image/ })).toHaveCount(16);
      await page
        .getByRole('img', { name: /^Training image/ })
        .last()
        .scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'rate',
    reach: async (page) => {
      const update = page.getByRole('slider', { name: 'Update to read the learning rate at' });
      await update.scrollIntoViewIfNeeded();
      await update.focus();
      await page.keyboard.press('End');
      await expect(page.getByRole('region', { name: 'Learning rate' })).toContainText('update 400');
    },
  },
  {
    name: 'confusion',
    reach: async (page) => {
      const said = page.getByRole('region', { name: 'What a run says' });
      await said.getByLabel('Run', { exact: true }).selectOption({ index: 1 });
      await said.getByLabel('beside').selectOption({ index: 1 });
      await expect(said.getByRole('region', { name: /^Confusion matrix/ })).toHaveCount(2);
      await said.getByRole('region', { name: 'Confusion', exact: true }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'thresholds',
    reach: (page) => page.getByRole('region', { name: 'Precision and recall' }).scrollIntoViewIfNeeded(),
  },
  {
    name: 'mistakes',
    reach: async (page) => {
      await expect(page.getByRole('img', { name: /^Validation image/ })).toHaveCount(12);
      await page.getByRole('region', { name: 'Worst mistakes' }).scrollIntoViewIfNeeded();
      // Read from the shards after the numbers are there.
      await expect.poll(() => page.getByRole('img', { name: /^Validation image/ }).evaluateAll(areDrawn)).toBe(true);
    },
  },
  {
    name: 'reference',
    reach: async (page) => {
      await page.getByRole('tab', { name: 'Reference' }).click();
      const refinements = page.getByRole('region', { name: 'Training refinements', exact: true });
      await refinements.scrollIntoViewIfNeeded();
      await expect(refinements).toContainText('2 seeds');
    },
  },
];

for (const { name: screen, colorScheme, viewport } of screens) {
  test(`every state fits, is accessible and is drawn: ${screen}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    for (const { name, reach, leave, only } of states) {
      if (only && only !== screen) continue;
      await test.step(name, async () => {
        await reach(page);
        await page.screenshot({ path: `${FOLDER}/${name}-${screen}.png` });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
        await leave?.(page);
      });
    }
  });
}
