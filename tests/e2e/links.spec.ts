/** Links as they reach a page: cut, decorated, moved behind '#', and asking for a stranger's data. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type Page } from '@playwright/test';
import { test } from '../support/page';
import { stubTrainer } from '../support/stub-trainer';

const mixup = (page: Page) => page.getByRole('switch', { name: 'Mixup' });
const alpha = (page: Page) => page.getByRole('spinbutton', { name: 'Alpha' });

for (const [what, link] of [
  ['with keys that track its reader', './?utm_source=slack&v=1&mixup=on&mixup.alpha=0.4&fbclid=IwAR0'],
  ['copied out of HTML', './?v=1&amp;mixup=on&amp;mixup.alpha=0.4'],
  ['with the end of a sentence and zero-width spaces', './?v=1&mixup=on%E2%80%8B&mixup.alpha=0.4.'],
  ['with its settings behind #', './#?v=1&mixup=on&mixup.alpha=0.4'],
  ['encoded twice', './?v%3D1%26mixup%3Don%26mixup.alpha%3D0.4'],
] as const) {
  test(`a link ${what} opens as it was shared, and is written cleanly at the next edit`, async ({ page }) => {
    await page.goto(link);
    await expect(mixup(page)).toBeChecked();
    await expect(alpha(page)).toHaveValue('0.4');
    await expect(page.getByRole('alert')).toHaveCount(0);
    await page.getByRole('switch', { name: 'CutMix' }).check({ force: true });
    await expect(page).toHaveURL(/\/\?v=1&mixup=on&cutmix=on&mixup\.alpha=0\.4$/);
  });
}

test('a link of a newer version is answered in words, and the default opens', async ({ page }) => {
  await page.goto('./?v=2&mixup=on');
  await expect(page.getByRole('alert')).toContainText("can't be read");
  await expect(page.getByRole('alert')).toContainText('version 2');
  await expect(mixup(page)).not.toBeChecked();
});

test('what no link could say is refused at its field, and the address stays one that opens', async ({ page }) => {
  await page.goto('./?v=1&dataset=wds&mixup=on');
  const field = page.getByRole('textbox', { name: 'Address of _info.json' });
  for (const [text, reason] of [
    ['é'.repeat(2000), 'The edit was not taken'],
    ['\ud83d', 'half of a character'],
  ] as const) {
    await field.evaluate((input: HTMLInputElement, value) => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, value);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }, text);
    await expect(page.getByText(reason)).toBeVisible();
  }
  await page.reload();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(mixup(page)).toBeChecked();
});

/** Another site, which counts what it is asked for, and has nothing. */
async function openStranger() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(404, { 'access-control-allow-origin': '*' }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, host, link: `./?v=1&dataset=wds&wds.url=http://${host}/_info.json`, close: () => server.close() };
}

test('a link asks a stranger for nothing before a press that names the stranger', async ({ page }) => {
  const stranger = await openStranger();
  try {
    await page.goto(stranger.link);
    const notice = page.getByRole('alert').filter({ hasText: `This link asks for data from ${stranger.host}.` });
    await expect(notice).toBeVisible();
    for (const tab of ['Look', 'Performance', 'Reference', 'Runs', 'Look']) {
      await page.getByRole('tab', { name: tab }).click();
    }
    const look = page.getByRole('region', { name: 'Training images' });
    await expect(look).toContainText('nothing was asked of it yet');
    await page.getByRole('button', { name: 'Epoch after' }).click();
    // The shortcut of Train names nobody.
    await page.keyboard.press('Control+Enter');
    await page.waitForTimeout(1000);
    expect(stranger.asked).toEqual([]);
    await notice.getByRole('button', { name: `Read data from ${stranger.host}` }).click();
    await expect.poll(() => stranger.asked.length).toBeGreaterThan(0);
    await expect(notice).toHaveCount(0);
    await expect(look.getByRole('alert')).toContainText('does not exist');
    // It is remembered: another experiment on the same data asks nobody again.
    await page.getByRole('switch', { name: 'Mixup' }).check({ force: true });
    await expect(page.getByRole('button', { name: /^Read data from/ })).toHaveCount(0);
  } finally {
    stranger.close();
  }
});

test('Train says whose data it reads, and is the press that reads them', async ({ page }) => {
  await stubTrainer(page);
  const stranger = await openStranger();
  try {
    await page.goto(stranger.link);
    await page.getByRole('button', { name: `Train on data from ${stranger.host}` }).click();
    await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Train next', exact: true })).toBeVisible();
    await page.getByRole('tab', { name: 'Look' }).click();
    await expect.poll(() => stranger.asked.length).toBeGreaterThan(0);
  } finally {
    stranger.close();
  }
});
