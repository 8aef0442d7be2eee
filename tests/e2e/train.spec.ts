import { expect, type Locator, type Page } from '@playwright/test';
import { presets } from '../../src/experiment/presets';
import { toLink } from '../../src/experiment/url';
import { rowsOf, test } from '../support/page';

const tiny = presets.find(({ id }) => id === 'tiny') as (typeof presets)[number];

/** Small enough for a software adapter: an eighth of the width, few updates, little validation. */
const small =
  './?v=1&resnet50-vd.width=0.125&data.batch=8&data.fraction=0.01&stop.steps=6&data.size=16&data.evalFraction=0.01';

const lines = (page: Page, chart: string) =>
  page.getByRole('figure', { name: `${chart} chart` }).locator('path.recharts-line-curve');

/**
 * Frames from a press on a switch, or a key in a text box, until the page's settings (its address) have changed: eleven times. Not
 * milliseconds: how long a frame takes is the machine's affair, and training must not stand between a press and its answer.
 */
const answerFrames = (control: Locator) =>
  control.evaluate(async (input: HTMLInputElement) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
    const waits: number[] = [];
    for (let i = 0; i < 11; i++) {
      const before = location.search;
      if (input.type === 'checkbox') input.click();
      else {
        write?.call(input, `0.${8 + (i % 2)}`);
        input.dispatchEvent(new Event('input', { bubbles: true }));
      }
      let frames = 0;
      while (location.search === before && frames < 100) {
        await frame();
        frames++;
      }
      waits.push(frames);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    return waits;
  });

/** Validation top-1 of a finished run, from its row: the first of its percentages. */
const top1Of = async (row: Locator) => Number(/(\d+(?:\.\d+)?) %/.exec((await row.textContent()) ?? '')?.[1]);

test('the tiny preset, trained without and with label smoothing, gives two curves that outlive a reload', async ({
  page,
}) => {
  await page.goto(`./?${toLink(tiny.experiment)}`);
  await page.getByRole('button', { name: 'Train', exact: true }).focus();
  await page.keyboard.press('Control+Enter');
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(rowsOf(page).first()).toContainText('finished', { timeout: 280_000 });

  await page.getByRole('switch', { name: 'Label smoothing' }).check({ force: true });
  await expect(page.getByText('+ label smoothing .1').first()).toBeVisible();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(rowsOf(page).first()).toContainText('finished', { timeout: 280_000 });
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(lines(page, 'Throughput')).toHaveCount(2);
  for (const run of [0, 1]) expect(await top1Of(rowsOf(page).nth(run))).toBeGreaterThan(70);
  await expect(page.getByRole('button', { name: /^WebGPU/ })).toBeVisible();
  const names = await rowsOf(page)
    .getByRole('button', { name: /^[a-z]+-[a-z]+$/ })
    .allTextContents();
  expect(new Set(names).size).toBe(2);
  await page.screenshot({ path: '.cache/screens/two-curves-light.png' });

  await page.reload();
  await expect(page.getByRole('switch', { name: 'Label smoothing' })).toBeChecked();
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(lines(page, 'Throughput')).toHaveCount(2);
  await rowsOf(page)
    .last()
    .getByRole('button', { name: /^Load the settings/ })
    .click();
  await expect(page.getByRole('switch', { name: 'Label smoothing' })).not.toBeChecked();
  await rowsOf(page)
    .last()
    .getByRole('button', { name: /^Delete/ })
    .click();
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(lines(page, 'Throughput')).toHaveCount(1);
});

test('the page answers while it trains, pauses, resumes, and a run cut off by a reload is stopped', async ({
  page,
}) => {
  await page.goto(small.replace('stop.steps=6', 'stop.steps=5000').replace('data.fraction=0.01', 'data.fraction=1'));
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeEnabled({ timeout: 200_000 });

  for (const control of [
    page.getByRole('switch', { name: 'Mixup' }),
    page.getByRole('spinbutton', { name: 'Momentum' }),
  ]) {
    expect(Math.max(...(await answerFrames(control)))).toBeLessThanOrEqual(1);
  }

  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(rowsOf(page).first()).toContainText('paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(rowsOf(page).first()).toContainText('running');
  await page.reload();
  await expect(rowsOf(page).first()).toContainText('stopped');
});
