/** Each worker is killed without a word, at each stage of a run: Stop answers, the next Train trains, and no number changes. */
import { expect, type Page } from '@playwright/test';
import { rowsOf, test } from '../support/page';

const small = './?v=1&resnet50-vd.width=0.0625&data.batch=8&data.fraction=0.01&data.size=16';
const STOP_MS = 6000;

const status = (page: Page) => page.getByRole('contentinfo');
const press = (page: Page, name: RegExp) => page.getByRole('button', { name }).click();
const train = (page: Page) => press(page, /^Train( next)?$/);
const newest = (page: Page) => rowsOf(page).first();

/** Ends the training worker, and the data workers in it, as if they had never been: no error, no event. */
async function kill(page: Page): Promise<void> {
  // A busy worker hears it late, and its answer may die with it.
  await Promise.all(page.workers().map((worker) => worker.evaluate(() => self.close()).catch(() => undefined)));
}

async function stopWorks(page: Page): Promise<void> {
  await press(page, /^Stop$/);
  await expect(newest(page)).toContainText('stopped', { timeout: STOP_MS });
  await expect(page.getByRole('button', { name: /^Stop$/ })).toHaveCount(0);
}

/** What stands in the rows of runs whose worker had to be ended. */
const reasons = (page: Page) => page.getByRole('cell', { name: /did not answer Stop/ });

test('the training worker, killed at each stage of a run, is replaced, and the next run trains', async ({ page }) => {
  const born = page.waitForEvent('worker');
  await page.goto(`${small}&stop.steps=4000&data.evalFraction=0.01`);
  await born;
  await kill(page);

  // At its birth: as early as a debugger can.
  await train(page);
  await expect(newest(page)).toContainText('preparing');
  await stopWorks(page);

  for (const stage of [/Reading|Building|Compiling/, /update [1-9]/, 'paused']) {
    const before = await reasons(page).count();
    await train(page);
    if (stage === 'paused') {
      await expect(status(page)).toContainText(/update [1-9]/, { timeout: 120_000 });
      await press(page, /^Pause$/);
    }
    await expect(status(page)).toContainText(stage, { timeout: 120_000 });
    await kill(page);
    await stopWorks(page);
    await expect(reasons(page)).toHaveCount(before + 1);
  }
  const before = await reasons(page).count();
  await page.goto(`${small}&stop.steps=3&data.evalFraction=1`);
  await train(page);
  await expect(status(page)).toContainText('validating after update 3', { timeout: 120_000 });
  await kill(page);
  await stopWorks(page);
  await expect(reasons(page)).toHaveCount(before + 1);
  await train(page);
  await expect(status(page)).toContainText(/after update 3/, { timeout: 120_000 });
});

/** The training losses of the newest run, as the store has them. */
const lossesOf = (page: Page) =>
  page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await done(indexedDB.open('tricklab'));
    const stores = db.transaction(['runs', 'curves']);
    const runs: { id: string; number: number }[] = await done(stores.objectStore('runs').getAll());
    const last = runs.reduce((a, b) => (b.number > a.number ? b : a));
    const parts: { steps: { loss: Float64Array } }[] = await done(
      stores.objectStore('curves').getAll(IDBKeyRange.bound([last.id, 0], [last.id, Number.MAX_SAFE_INTEGER])),
    );
    db.close();
    return parts.flatMap(({ steps }) => [...steps.loss]);
  });

/** Data workers made from now on die: the first after so many answers, the others too if all are to. */
async function mortalDataWorkers(page: Page, answers: number, which: 'first' | 'all'): Promise<void> {
  await page
    .workers()
    .at(-1)
    ?.evaluate(
      ([most, who]) => {
        const Real = self.Worker;
        let mortal = true;
        self.Worker = class extends Real {
          constructor(...given: ConstructorParameters<typeof Worker>) {
            super(...given);
            if (!mortal) return;
            mortal = who === 'all';
            let heard = 0;
            if (most === 0) this.terminate();
            this.addEventListener('message', () => {
              if (++heard === most) this.terminate();
            });
          }
        };
      },
      [answers, which] as const,
    );
}

test('a data worker that is killed costs a run its time and none of its bits; Stop works without any', async ({
  page,
}) => {
  const open = async () => {
    await page.goto(`${small}&stop.steps=12&data.evalFraction=0.01`);
    await expect(status(page)).toContainText('WebGPU', { timeout: 120_000 });
  };
  await open();
  await train(page);
  await expect(newest(page)).toContainText('finished', { timeout: 120_000 });
  const whole = await lossesOf(page);
  expect(whole).toHaveLength(12);

  await open();
  await mortalDataWorkers(page, 2, 'first');
  await train(page);
  await expect(newest(page)).toContainText(/preparing|running/);
  await expect(newest(page)).toContainText('finished', { timeout: 120_000 });
  expect(await lossesOf(page)).toEqual(whole);

  await open();
  await mortalDataWorkers(page, 0, 'all');
  await train(page);
  await expect(status(page)).toContainText('Compiling', { timeout: 60_000 });
  await stopWorks(page);
  await expect(reasons(page)).toHaveCount(0);
});
