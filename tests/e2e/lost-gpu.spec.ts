/** The GPU goes: its process is killed, somebody destroys the device, or there never was one. Real browsers, real crashes. */
import { type Browser, expect, type Page } from '@playwright/test';
import { rowsOf, test } from '../support/page';

const small =
  './?v=1&resnet50-vd.width=0.0625&data.batch=8&data.fraction=0.01&stop.steps=4000&data.size=16&data.evalFraction=0.01';

const status = (page: Page) => page.getByRole('contentinfo');
const notice = (page: Page, text: string) => page.getByRole('alert').filter({ hasText: text });
const train = (page: Page) => page.getByRole('button', { name: /^Train( next)?$/ }).click();
const training = (page: Page) => expect(status(page)).toContainText(/update [1-9]/, { timeout: 120_000 });

async function killGpu(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const gpu = processInfo.find(({ type }) => type === 'GPU');
  if (!gpu) throw new Error('the browser has no GPU process');
  process.kill(gpu.id, 'SIGKILL');
  await session.detach();
}

test('after one crash of the GPU the queue goes on; after two nothing trains before the browser was restarted', async ({
  playwright,
  launchOptions,
  baseURL,
}) => {
  // A browser of its own: it gives no page a GPU any more afterwards.
  const browser = await playwright.chromium.launch(launchOptions);
  try {
    const page = await browser.newPage({ baseURL: baseURL as string });
    await page.goto(small);
    await train(page);
    await train(page);
    await training(page);
    await killGpu(browser);
    await expect(notice(page, 'The GPU was lost.')).toContainText('runs that waited go on');
    await expect(page.getByRole('row', { name: /failed/ })).toHaveCount(1);
    await expect(page.getByText('The GPU was lost while this run trained.')).toHaveCount(1);
    await expect(page.getByText('Instance reference')).toHaveCount(0);
    await training(page);

    await train(page);
    await killGpu(browser);
    await expect(notice(page, 'The GPU was lost again.')).toContainText('Restart the browser');
    await expect(page.getByRole('row', { name: /failed/ })).toHaveCount(2);
    await expect(status(page)).toContainText('1 waiting');
    await train(page);
    await expect(notice(page, 'The GPU did not come back.')).toContainText('Restart the browser', { timeout: 120_000 });
    await expect(status(page)).toContainText('2 waiting');
    await expect(page.getByText('0.000')).toHaveCount(0);
  } finally {
    await browser.close();
  }
});

test('a device that somebody destroyed is a lost one: it is said, and the next Train trains', async ({ page }) => {
  await page.goto(small);
  await train(page);
  await training(page);
  const [trainer] = page.workers();
  await trainer?.evaluate(() => {
    // The next who uses the device finds it destroyed.
    const { prototype } = GPUDevice;
    const make = prototype.createCommandEncoder;
    prototype.createCommandEncoder = function (this: GPUDevice, ...given) {
      prototype.createCommandEncoder = make;
      this.destroy();
      return make.apply(this, given);
    };
  });
  await expect(notice(page, 'The GPU was lost.')).toBeVisible();
  await expect(rowsOf(page).first()).toContainText('failed');
  await expect(page.getByText('mapAsync')).toHaveCount(0);
  await train(page);
  await training(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(rowsOf(page).first()).toContainText('stopped');
});

test('a browser without WebGPU is told what trains in its place, and why, in sentences', async ({
  playwright,
  launchOptions,
  baseURL,
}) => {
  const args = launchOptions.args?.filter((flag) => !/webgpu|Vulkan/i.test(flag)) ?? [];
  const browser = await playwright.chromium.launch({
    ...launchOptions,
    args: [...args, '--disable-blink-features=WebGPU'],
  });
  try {
    const page = await browser.newPage({ baseURL: baseURL as string });
    await page.goto('./?v=1');
    await expect(notice(page, 'No WebGPU here')).toHaveText(
      /training runs on (webgl|cpu), many times slower\..*: (this browser has no WebGPU|the browser found no WebGPU adapter).*[.] To enable it: .*settings\.$/,
    );
  } finally {
    await browser.close();
  }
});
