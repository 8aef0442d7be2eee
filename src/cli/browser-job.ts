/** Runs one job in a headless Chromium against a development server of this checkout: real WebGPU, no build step. */
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import { chromiumFlags, findChromium } from '../../scripts/browser.mjs';
import { serveFolder } from './data-folder';
import { Failure } from './failure';
import type { Job, PageEvent } from './job';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Address of a --data folder's index on the page's own server. */
export const dataInfoUrl = '/@data/_info.json';

export interface JobFiles {
  /** Folder of shards, served at /@data/. */
  data?: string | undefined;
  /** safetensors that the page may read. */
  weights?: Uint8Array<ArrayBuffer> | undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Weights go over the server as bytes: as JSON they would be ten times the size. */
function filesPlugin(files: JobFiles, onWeights: (weights: Uint8Array) => void): Plugin {
  return {
    name: 'tricklab-cli-files',
    configureServer(server) {
      const { middlewares } = server;
      middlewares.use('/@data', (request: IncomingMessage, response: ServerResponse) => {
        if (files.data) serveFolder(files.data, request, response);
        else response.writeHead(404).end();
      });
      middlewares.use('/@weights/in', (_request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(files.weights ? 200 : 404, { 'content-type': 'application/octet-stream' });
        response.end(files.weights);
      });
      middlewares.use('/@weights/out', (request: IncomingMessage, response: ServerResponse) => {
        bodyOf(request).then(
          (weights) => {
            onWeights(weights);
            response.writeHead(204).end();
          },
          () => response.writeHead(400).end(),
        );
      });
    },
  };
}

async function startServer(plugin: Plugin): Promise<ViteDevServer> {
  const cacheDir = join(root, 'node_modules', '.vite-cli');
  mkdirSync(cacheDir, { recursive: true });
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    cacheDir,
    plugins: [plugin],
    worker: { format: 'es' },
    appType: 'mpa',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    // All that the page and its workers import is found before the first request: a dependency found late would
    // reload the page in mid-run.
    optimizeDeps: { entries: ['src/cli/page.ts', 'src/trainer/worker.ts', 'src/data/worker.ts'] },
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
 * Runs the job to its end. Resolves to the trained weights, if it returned any; rejects with a Failure for what went wrong in
 * the run. Whatever happens, browser and server are gone afterwards.
 */
export async function runJob(
  job: Job,
  files: JobFiles,
  onEvent: (event: PageEvent) => void,
): Promise<Uint8Array | undefined> {
  let weights: Uint8Array | undefined;
  const plugin = filesPlugin(files, (bytes) => {
    weights = bytes;
  });
  const server = await startServer(plugin);
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
    // Not awaited anywhere if the job ends first.
    broken.catch(() => undefined);
    await page.exposeFunction('report', onEvent);
    await page.goto(`http://127.0.0.1:${address.port}/src/cli/page.html`);
    await page.waitForFunction('window.runJob !== undefined');
    const failure = await Promise.race([
      broken,
      page.evaluate(
        (asked) =>
          window.runJob(asked).then(
            () => undefined,
            (error: Error) => error.message,
          ),
        job,
      ),
    ]);
    if (failure !== undefined) throw new Failure(failure);
    return weights;
  } finally {
    await browser?.close();
    await server.close();
  }
}
