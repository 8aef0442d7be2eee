/** The command line's page and its server in a real Chromium: whose reason is heard, and what another page can do. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/cli/failure';
import { withHeadlessPage } from '../../src/cli/headless-page';
import { serveJobFiles } from '../../src/cli/job-files';

const source = { path: 'src/cli/page.html', entries: ['src/cli/page.ts'] };

describe('a page that breaks', () => {
  /** Throws where nobody listens, as a run does with what it leaves behind. */
  const breakIt = () =>
    new Promise<void>((resolve) => {
      setTimeout(() => {
        throw new Error('left behind');
      });
      setTimeout(resolve, 300);
    });

  it('does not speak over the reason of the work itself', async () => {
    const run = withHeadlessPage(source, async (page) => {
      await page.evaluate(breakIt);
      throw new Failure('The loss became NaN at step 45.');
    });
    await expect(run).rejects.toThrow('The loss became NaN at step 45.');
  });

  it('is heard when the work has nothing to say, and when it never ends', async () => {
    const quiet = withHeadlessPage(source, (page) => page.evaluate(breakIt));
    await expect(quiet).rejects.toThrow('The page failed: left behind');
    const endless = withHeadlessPage(source, async (page) => {
      await page.evaluate(breakIt);
      await new Promise(() => undefined);
    });
    await expect(endless).rejects.toThrow('The page failed: left behind');
  });
});

describe('another page of this machine', () => {
  let other: Server;
  beforeAll(async () => {
    other = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Another page</title>');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    other.close();
  });

  it('neither reads the files nor replaces the weights, even if it knows where they are', async () => {
    const taken: string[] = [];
    const onWeights = (weights: Uint8Array) => taken.push(Buffer.from(weights).toString());
    const { path, handler } = serveJobFiles({ weights: Buffer.from('weights'), onWeights });
    const done = await withHeadlessPage({ ...source, handlers: [handler] }, async (page) => {
      const own = new URL(page.url()).origin;
      const stranger = (await page.context().browser()?.newPage()) as Page;
      const attempts: string[] = [];
      for (const host of ['127.0.0.1', 'localhost']) {
        await stranger.goto(`http://${host}:${(other.address() as AddressInfo).port}/`);
        attempts.push(
          ...(await stranger.evaluate(async (files) => {
            const attempt = (init: RequestInit, name: string) =>
              fetch(`${files}${name}`, init).then(
                async (answer) => `${answer.type} ${answer.status} ${await answer.text()}`,
                () => 'refused',
              );
            const body = 'other weights';
            return [
              await attempt({}, 'weights/in'),
              await attempt({ mode: 'no-cors' }, 'weights/in'),
              await attempt({ method: 'POST', body }, 'weights/out'),
              await attempt({ method: 'POST', body, mode: 'no-cors' }, 'weights/out'),
            ];
          }, `${own}${path}`)),
        );
      }
      const mine = await page.evaluate(async (files) => {
        const read = await (await fetch(`${files}weights/in`)).text();
        const posted = await fetch(`${files}weights/out`, { method: 'POST', body: 'trained' });
        return [read, posted.status];
      }, path);
      return { attempts, mine };
    });
    // A request without leave is answered, by 403, and its page sees an opaque nothing.
    for (const attempt of done.attempts) expect(attempt).toMatch(/^(refused|opaque 0 )$/);
    expect(done.mine).toEqual(['weights', 204]);
    expect(taken).toEqual(['trained']);
  });
});
