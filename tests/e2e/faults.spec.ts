/** Faults that the page meets and survives: workers that hang or are refused, records that nobody could read, a closing tab. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { storeRuns } from '../support/stored-runs';
import { finishRun, silence, stubTrainer } from '../support/stub-trainer';

/** What broke in the page without being caught. */
const errors: string[] = [];
test.beforeEach(({ page }) => {
  errors.length = 0;
  page.on('pageerror', (error) => errors.push(error.message));
});
test.afterEach(() => {
  expect(errors).toEqual([]);
});

const rowsOf = (page: Page) => page.getByRole('region', { name: 'Runs' }).locator('tbody tr:has(th)');
const trainButton = (page: Page) => page.getByRole('button', { name: /^Train( next)?$/ });
const notice = (page: Page, text: string) => page.getByRole('alert').filter({ hasText: text });
const course = { keys: {}, updates: 120, floor: 0.4, top1: 0.9 };

/** Changes what the store holds, as another version or a hand would. change is a function body over record and put. */
const tamper = (page: Page, change: string) =>
  // As text: the page's policy lets no page make functions of it, but the browser's debugger may.
  page.evaluate(`new Promise((resolve, reject) => {
    const opening = indexedDB.open('tricklab');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const db = opening.result;
      const store = db.transaction('runs', 'readwrite').objectStore('runs');
      const put = (value) => store.put(value);
      const reading = store.getAll();
      reading.onsuccess = () => {
        const [record] = reading.result;
        ${change}
      };
      store.transaction.oncomplete = () => {
        db.close();
        resolve(undefined);
      };
    };
  })`);

test('records that no version could read are set aside and said; the good ones are shown', async ({ page }) => {
  await stubTrainer(page);
  await page.goto('./?v=1');
  await storeRuns(page, [course]);
  await expect(rowsOf(page)).toHaveCount(1);
  await tamper(
    page,
    `for (const [i, wrong] of [{experiment: undefined}, {experiment: null}, {summary: undefined}, {name: {a: 1}}, {message: {}}].entries())
       put({...record, id: 'bad-' + i, number: 10 + i, ...wrong});`,
  );
  await page.reload();
  await expect(rowsOf(page)).toHaveCount(1);
  await expect(notice(page, 'could not be read')).toContainText('5 runs');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole('button', { name: /^Delete/ }).click();
  await trainButton(page).click();
  await expect(rowsOf(page)).toContainText('running');
});

test('settings that an earlier version kept take the defaults; those of a later one are explained', async ({
  page,
}) => {
  await stubTrainer(page);
  await page.goto('./?v=1');
  await storeRuns(page, [{ ...course, keys: { mixup: true, 'stop.epochs': 3 } }]);
  await tamper(
    page,
    `delete record.experiment.options.stop.steps; delete record.experiment.engine; put(record);
     put({...record, id: 'later', number: 1, name: 'from-later', experiment: {...record.experiment, model: 'vit'}});`,
  );
  await page.reload();
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(rowsOf(page).first()).toContainText('settings of another version');
  await page.getByRole('button', { name: 'Load the settings of from-later' }).click();
  await expect(notice(page, "can't be loaded")).toContainText('model must be one of');
  await expect(page).toHaveURL(/\?v=1$/);
  await rowsOf(page)
    .last()
    .getByRole('button', { name: /^Load the settings/ })
    .click();
  await expect(page).toHaveURL(/mixup=on/);
  await expect(page.getByRole('switch', { name: 'Mixup' })).toBeChecked();
  await expect(notice(page, "can't be loaded")).toHaveCount(0);
});

test('a worker that hangs is ended by Stop within 6 s; a hung run that is deleted leaves the next one free', async ({
  page,
}) => {
  await stubTrainer(page);
  await page.goto('./?v=1');
  await trainButton(page).click();
  await expect(rowsOf(page)).toContainText('running');
  await silence(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(rowsOf(page)).toContainText('stopped', { timeout: 6000 });
  await expect(notice(page, 'ended by force')).toBeVisible();

  await trainButton(page).click();
  await expect(notice(page, 'ended by force')).toHaveCount(0);
  await expect(rowsOf(page).first()).toContainText('running');
  await silence(page);
  await rowsOf(page)
    .first()
    .getByRole('button', { name: /^Delete/ })
    .click();
  await trainButton(page).click();
  await expect(rowsOf(page)).toHaveCount(2);
  await expect(rowsOf(page).first()).toContainText('running', { timeout: 8000 });
});

test('a real worker that is killed while it trains is said, stopped and renewed', async ({ page }) => {
  await page.goto(
    './?v=1&resnet50-vd.width=0.125&data.batch=8&data.fraction=0.01&stop.steps=4000&data.size=16&data.evalFraction=0.01',
  );
  await trainButton(page).click();
  await expect(page.getByRole('contentinfo')).toContainText(/Reading|Building|Compiling|update/, { timeout: 120_000 });
  for (const worker of page.workers()) await worker.evaluate(() => self.close()).catch(() => undefined);
  await expect(page.getByRole('contentinfo')).toContainText('no sign of life', { timeout: 30_000 });
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(rowsOf(page)).toContainText('stopped', { timeout: 6000 });
  await trainButton(page).click();
  await expect(page.getByRole('contentinfo')).toContainText(/Reading|Building|Compiling|update/, { timeout: 120_000 });
});

test('a worker whose script breaks is said, and the queue goes on', async ({ page }) => {
  await stubTrainer(page);
  await page.goto('./?v=1');
  await trainButton(page).click();
  await expect(rowsOf(page)).toContainText('running');
  await trainButton(page).click();
  await expect(rowsOf(page).first()).toContainText('waiting');
  await page.evaluate(() => window.stub.say({ type: 'device-lost', message: 'gone' }));
  await expect(rowsOf(page).last()).toContainText('failed');
  await expect(rowsOf(page).first()).toContainText('running');
  await expect(notice(page, 'The GPU was lost.')).toBeVisible();
  await page.evaluate(() => window.stub.say({ type: 'device-lost', message: 'gone' }));
  await expect(notice(page, 'Restart the browser')).toBeVisible();
  await expect(rowsOf(page).first()).toContainText('failed');
});

test('a browser that refuses workers gets a notice at once and again at Train, and the page lives', async ({
  page,
}) => {
  await page.addInitScript(() => {
    window.Worker = class {
      constructor() {
        throw new DOMException('access denied', 'SecurityError');
      }
    } as unknown as typeof Worker;
  });
  await page.goto('./?v=1');
  await expect(notice(page, 'could not start')).toContainText('access denied');
  await expect(page.getByRole('contentinfo')).not.toContainText('Looking for a GPU');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await trainButton(page).click();
  await expect(notice(page, 'could not start')).toContainText('access denied');
  await expect(rowsOf(page)).toContainText('failed');
  await page.getByRole('tab', { name: 'Look' }).click();
  await expect(page.getByRole('region', { name: 'Training images' })).toContainText('access denied');
  await page.getByRole('tab', { name: 'Performance' }).click();
  await expect(page.getByRole('region', { name: 'Benchmark' })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('closing the page asks while a run is on, and not before or after', async ({ page }) => {
  await stubTrainer(page);
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await page.goto('./?v=1');
  await trainButton(page).click();
  await expect(rowsOf(page)).toContainText('running');
  await page.close({ runBeforeUnload: true });
  await expect.poll(() => asked).toEqual(['beforeunload']);
  await finishRun(page);
  await expect(rowsOf(page)).toContainText('finished');
  const closed = page.waitForEvent('close');
  await page.close({ runBeforeUnload: true });
  await closed;
  expect(asked).toEqual(['beforeunload']);
});

test('a setting that no link could hold is refused at its field, and a reload loses nothing', async ({ page }) => {
  await stubTrainer(page);
  await page.goto('./?v=1&dataset=wds&mixup=on');
  const field = page.getByRole('region', { name: 'Data' }).getByRole('textbox').first();
  await field.fill(`https://example.org/${'é'.repeat(1500)}`);
  await expect(notice(page, 'can be opened again')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('switch', { name: 'Mixup' })).toBeChecked();
  await expect(notice(page, "can't be read")).toHaveCount(0);
});

test('preferences that another version kept open the page with its first tab', async ({ page }) => {
  await stubTrainer(page);
  await page.addInitScript(() =>
    localStorage.setItem(
      'tricklab-preferences',
      '{"state":{"tab":"gone","axis":"miles","smoothing":"much"},"version":9}',
    ),
  );
  await page.goto('./?v=1');
  await expect(page.getByRole('tab', { name: 'Runs' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
});

test('a panel that breaks says so in its place, with a report to copy, and the rest goes on', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await stubTrainer(page);
  await page.addInitScript(() => {
    HTMLCanvasElement.prototype.getContext = () => {
      throw new Error('no canvas today');
    };
  });
  await page.goto('./?v=1');
  await page.getByRole('tab', { name: 'Look' }).click();
  const broken = notice(page, "Look can't be shown");
  await expect(broken).toContainText('no canvas today.');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await broken.getByRole('button', { name: 'Copy report' }).click();
  await expect(broken.getByRole('button', { name: 'Copied' })).toBeVisible();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toContain('Error: no canvas today');
  expect(report).toContain('Device: webgpu, Stub');
  await page.getByRole('tab', { name: 'Runs' }).click();
  await trainButton(page).click();
  await expect(rowsOf(page)).toContainText('running');
});

test('an error that nobody caught is said, with a report to copy', async ({ page }) => {
  await stubTrainer(page);
  await page.goto('./?v=1');
  await page.evaluate(() => void Promise.reject(new Error('nobody heard this')));
  await expect(notice(page, 'Something in the page broke')).toContainText('nobody heard this.');
  await expect(page.getByRole('button', { name: 'Copy report' })).toBeVisible();
  // The page's own ear for it is not the test's.
  expect(errors.splice(0)).toEqual(['nobody heard this']);
});
