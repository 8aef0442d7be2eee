/** The Content-Security-Policy: every file has it, all that the page does is within it, and what a stranger slips in does not run. */
import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { headersFile, metaPolicy, policyHeaders } from '../../scripts/content-policy.mjs';
import { rowsOf, test } from '../support/page';

const header = policyHeaders('built')['Content-Security-Policy'];

const openTab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click();

test('a run, its curves, the preview and every tab stay within the policy that each file is sent with', async ({
  page,
}) => {
  const sent = new Map<string, string | undefined>();
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (response.url().startsWith('http')) sent.set(pathname, response.headers()['content-security-policy']);
  });
  await page.goto(
    './?v=1&resnet50-vd.width=0.0625&data.batch=8&data.fraction=0.01&stop.steps=4&data.size=16&data.evalFraction=0.01',
  );
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(rowsOf(page).first()).toContainText('finished', { timeout: 200_000 });
  await openTab(page, 'Look');
  await expect(page.getByRole('region', { name: 'Training images' }).getByRole('img').first()).toBeVisible();
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click();
    await expect(page.getByRole('tabpanel')).toBeVisible();
  }
  expect([...sent.keys()].filter((path) => /worker-[\w-]+\.js$/.test(path)).length).toBeGreaterThan(1);
  expect([...sent].filter(([, policy]) => policy !== header)).toEqual([]);
});

test('a script, a handler and a frame that were slipped into the page do nothing', async ({
  page,
  policyViolations,
}) => {
  await page.goto('./?v=1');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = "document.title = 'taken'";
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', `<img src="data:," onerror="document.title = 'taken'">`);
    document.body.insertAdjacentHTML('beforeend', '<iframe src="https://example.org/"></iframe>');
  });
  // The header and the meta element say it each.
  await expect.poll(() => policyViolations.length).toBe(6);
  expect([...new Set(policyViolations.splice(0))].sort()).toEqual(['frame-src', 'script-src-attr', 'script-src-elem']);
  await expect(page).toHaveTitle(/Tricklab/);
});

test('hosts without headers of their own have the policy in the page, and those with a file for them find it', async ({
  request,
}) => {
  const html = await (await request.get('./')).text();
  const content = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
  expect(content?.replaceAll('&#39;', "'")).toBe(metaPolicy('built'));
  expect(content).not.toContain('frame-ancestors');
  expect(readFileSync('dist/_headers', 'utf8')).toBe(headersFile());
  expect(headersFile()).toContain(`/*\n  Content-Security-Policy: ${header}\n`);
});
