/** Runs one job in the command line's page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import { serveFolder } from './data-folder';
import { Failure } from './failure';
import { withHeadlessPage } from './headless-page';
import type { Job, PageEvent } from './job';

/** Address of a --data folder's index on the page's own server. */
export const dataInfoUrl = '/@data/_info.json';

export interface JobFiles {
  /** Folder of shards, served at /@data/. */
  data?: string | undefined;
  /** safetensors that the page may read. */
  weights?: Uint8Array<ArrayBuffer> | undefined;
  /** The same of a teacher. */
  teacher?: Uint8Array<ArrayBuffer> | undefined;
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
      for (const [name, weights] of [
        ['in', files.weights],
        ['teacher', files.teacher],
      ] as const) {
        middlewares.use(`/@weights/${name}`, (_request: IncomingMessage, response: ServerResponse) => {
          response.writeHead(weights ? 200 : 404, { 'content-type': 'application/octet-stream' });
          response.end(weights);
        });
      }
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
  const source = {
    path: 'src/cli/page.html',
    entries: ['src/cli/page.ts', 'src/trainer/worker.ts', 'src/data/worker.ts'],
    plugins: [plugin],
  };
  const failure = await withHeadlessPage(source, async (page) => {
    await page.exposeFunction('report', onEvent);
    await page.waitForFunction('window.runJob !== undefined');
    return page.evaluate(
      (asked) =>
        window.runJob(asked).then(
          () => undefined,
          (error: Error) => error.message,
        ),
      job,
    );
  });
  if (failure !== undefined) throw new Failure(failure);
  return weights;
}
