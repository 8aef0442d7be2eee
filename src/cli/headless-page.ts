/** A page of this checkout in a headless Chromium, from a development server: real WebGPU, no build step. */
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import { chromiumFlags, findChromium } from '../../scripts/browser.mjs';
import { Failure } from './failure';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface PageSource {
  /** Address of the page, from the checkout's root. */
  path: string;
  /** Sources of the page and of its workers: all that they import must be known before the first request. */
  entries: string[];
  plugins?: Plugin[];
}

async function startServer({ path, entries, plugins = [] }: PageSource): Promise<ViteDevServer> {
  // Each page its own: two pages that run at a time would take each other's prepared dependencies away.
  const cacheDir = join(root, 'node_modules', '.vite-cli', path.replaceAll(/\W+/g, '-'));
  mkdirSync(cacheDir, { recursive: true });
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    cacheDir,
    plugins,
    worker: { format: 'es' },
    appType: 'mpa',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    // A dependency found late would reload the page in mid-run.
    optimizeDeps: { entries },
  });
  await server.listen();
  return server;
}

async function startBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath)
    throw new Failure('No Chromium or Chrome was found. `node scripts/setup.mjs --browser` gets one.');
  return chromium.launch({ executablePath, args: chromiumFlags });
}

/**
 * Opens the page and works with it; rejects with a Failure if the page breaks meanwhile. Whatever happens, browser and server
 * are gone afterwards.
 */
export async function withHeadlessPage<T>(source: PageSource, work: (page: Page) => Promise<T>): Promise<T> {
  const server = await startServer(source);
  let browser: Browser | undefined;
  try {
    browser = await startBrowser();
    const page = await browser.newPage();
    const address = server.httpServer?.address() as AddressInfo | null | undefined;
    if (!address) throw new Failure('The server of the page closed before the page was opened.');
    const broken = new Promise<never>((_, reject) => {
      page.on('crash', () => reject(new Failure('The browser crashed; it may have run out of memory.')));
      page.on('pageerror', (error) => reject(new Failure(`The page failed: ${error.message}`)));
    });
    // Not awaited anywhere if the work ends first.
    broken.catch(() => undefined);
    await page.goto(`http://127.0.0.1:${address.port}/${source.path}`);
    return await Promise.race([broken, work(page)]);
  } finally {
    await browser?.close();
    await server.close();
  }
}
