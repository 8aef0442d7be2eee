/** A page of this checkout in a headless Chromium, from a development server: real WebGPU, no build step. */
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { createServer } from 'vite';
import { chromiumFlags, findChromium } from '../../scripts/browser.mjs';
import { policyHeaders } from '../../scripts/content-policy.mjs';
import { Failure } from './failure';
import { type Handler, ownPageOnly } from './job-files';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface PageSource {
  /** Address of the page, from the checkout's root. */
  path: string;
  /** Sources of the page and of its workers: all that they import must be known before the first request. */
  entries: string[];
  /** What the server answers besides: asked before Vite is. */
  handlers?: readonly Handler[];
}

/** How long a job may take to say why it ended, once the page is broken. */
const LAST_WORDS_MS = 5000;

/** A server of a page, which no other page can read, and its address. Close it. */
export async function startServer({ path, entries, handlers = [] }: PageSource) {
  // Each page its own: two pages that run at a time would take each other's prepared dependencies away.
  const cacheDir = join(root, 'node_modules', '.vite-cli', path.replaceAll(/\W+/g, '-'));
  mkdirSync(cacheDir, { recursive: true });
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    cacheDir,
    plugins: [
      {
        name: 'tricklab-own-page-only',
        configureServer: ({ middlewares }) => {
          for (const handler of [ownPageOnly, ...handlers]) middlewares.use(handler);
        },
      },
    ],
    worker: { format: 'es' },
    appType: 'mpa',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, cors: false, headers: policyHeaders('built') },
    // A dependency found late would reload the page in mid-run.
    optimizeDeps: { entries },
  });
  await server.listen();
  const bound = server.httpServer?.address() as AddressInfo | null | undefined;
  if (!bound) throw new Failure('The server of the page closed before the page was opened.');
  return { address: `http://127.0.0.1:${bound.port}`, close: () => server.close() };
}

async function startBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath)
    throw new Failure('No Chromium or Chrome was found. `node scripts/setup.mjs --browser` gets one.');
  return chromium.launch({ executablePath, args: chromiumFlags });
}

/** Rejects when the page is broken: at once if the browser crashed, else when the job had time for its own reason. */
function breakage(page: Page): { broken: Promise<never>; said(): Failure | undefined } {
  let first: Failure | undefined;
  const broken = new Promise<never>((_, reject) => {
    page.on('crash', () => reject(new Failure('The browser crashed; it may have run out of memory.')));
    page.on('pageerror', (error) => {
      first ??= new Failure(`The page failed: ${error.message}`);
      // What a run leaves behind when it fails may be heard before its reason.
      setTimeout(reject, LAST_WORDS_MS, first).unref();
    });
  });
  // Not awaited anywhere if the work ends first.
  broken.catch(() => undefined);
  return { broken, said: () => first };
}

/**
 * Opens the page and works with it. Rejects with the work's own reason, if it has one, or else with a Failure if the page broke
 * meanwhile. Whatever happens, browser and server are gone afterwards.
 */
export async function withHeadlessPage<T>(source: PageSource, work: (page: Page) => Promise<T>): Promise<T> {
  const server = await startServer(source);
  let browser: Browser | undefined;
  try {
    browser = await startBrowser();
    const page = await browser.newPage();
    const { broken, said } = breakage(page);
    await page.goto(`${server.address}/${source.path}`);
    const result = await Promise.race([broken, work(page)]);
    const unheard = said();
    if (unheard) throw unheard;
    return result;
  } finally {
    await browser?.close();
    await server.close();
  }
}
