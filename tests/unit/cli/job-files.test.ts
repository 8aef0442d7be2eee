/** The files of a job, tried as another page on the machine would: over HTTP, against the server that commands start. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/cli/headless-page';
import { serveJobFiles } from '../../../src/cli/job-files';

const folder = mkdtempSync(join(tmpdir(), 'tricklab-files-'));
const data = join(folder, 'data');
mkdirSync(data);
writeFileSync(join(data, '_info.json'), '{}');
writeFileSync(join(data, 'a#b 50%.tar'), 'shard');
writeFileSync(join(folder, 'secret'), 'secret');

const MOST = 1000;
const taken: string[] = [];
const job = serveJobFiles(
  { data, weights: Buffer.from('weights'), onWeights: (weights) => taken.push(Buffer.from(weights).toString()) },
  MOST,
);
const idle = serveJobFiles({}, MOST);

let server: Awaited<ReturnType<typeof startServer>>;
let port = 0;
beforeAll(async () => {
  server = await startServer({ path: 'src/cli/page.html', entries: [], handlers: [job.handler, idle.handler] });
  port = Number(new URL(server.address).port);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Asked {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** Unlike fetch it sends any header, and any path as it is. */
const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}) =>
  new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          headers: response.headers,
        }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });

const status = async (path: string, asked?: Asked) => (await ask(path, asked)).status;
const own = () => server.address;
const page = () => ({ origin: own(), 'sec-fetch-site': 'same-origin' });

describe("a job's own page", () => {
  it('reads the page, the data and the weights', async () => {
    expect(await status('/src/cli/page.html', { headers: { 'sec-fetch-site': 'none' } })).toBe(200);
    expect(await ask(`${job.path}weights/in`, { headers: page() })).toMatchObject({ status: 200, text: 'weights' });
    expect(await ask(`${job.path}data/_info.json`, { headers: page() })).toMatchObject({ status: 200, text: '{}' });
    expect(await ask(`${job.path}data/a%23b%2050%25.tar`, { headers: page() })).toMatchObject({ text: 'shard' });
    expect(await status(`${job.path}weights/teacher`, { headers: page() })).toBe(404);
    expect(await status(`${job.path}weights/constructor`, { headers: page() })).toBe(404);
  });

  it('has a path that nobody guesses, another for each job', () => {
    expect(job.path).toMatch(/^\/@tricklab\/[\w-]{32}\/$/);
    expect(idle.path).not.toBe(job.path);
  });
});

describe('another page', () => {
  it.each([
    ['of the network', { origin: 'https://other.example', 'sec-fetch-site': 'cross-site' }],
    ['of another port of this machine', { origin: 'http://127.0.0.1:5173', 'sec-fetch-site': 'same-site' }],
    ['of this port under another name', { origin: 'http://localhost' }],
    ['that hides its origin', { origin: 'null' }],
    ['in an image or a script tag', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['whose name was bound to this address', { host: 'other.example' }],
    ['at localhost, if the page is at 127.0.0.1', { host: 'localhost' }],
  ])('%s reads nothing and posts nothing, even with the secret', async (_name, headers) => {
    for (const path of [`${job.path}data/_info.json`, `${job.path}weights/in`, '/src/cli/page.html', '/package.json']) {
      const answer = await ask(path, { headers });
      expect(answer.status).toBe(403);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect(await status(`${job.path}weights/out`, { method: 'POST', headers, body: 'other weights' })).toBe(403);
    expect(taken).toEqual([]);
  });

  it('without the secret finds nothing, whatever it says it is', async () => {
    for (const path of [
      '/@weights/out',
      '/@data/_info.json',
      '/@tricklab/weights/out',
      `${job.path.slice(0, -2)}x/weights/in`,
    ]) {
      expect((await ask(path, { headers: page() })).text).not.toMatch(/^(weights|\{\})$/);
      await ask(path, { method: 'POST', headers: page(), body: 'other weights' });
    }
    expect(taken).toEqual([]);
  });

  it('is given no leave by a preflight', async () => {
    const headers = { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' };
    const answer = await ask(`${job.path}weights/out`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the data folder', () => {
  it.each([
    '../secret',
    '%2e%2e/secret',
    '.%2e/secret',
    '..%2fsecret',
    '..%5csecret',
    '%2e%2e%2fsecret',
    '%252e%252e/secret',
    './/../../secret',
    '%2fetc/passwd',
    '/etc/passwd',
    'a%00/../../secret',
    '..;/secret',
  ])('is not left by %s', async (path) => {
    const answer = await ask(`${job.path}data/${path}`, { headers: page() });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain('secret');
    expect(answer.text).not.toContain('root:');
  });

  it('is read only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await status(`${job.path}data/_info.json`, { method, headers: page() })).toBe(405);
    }
  });
});

describe('the trained weights', () => {
  const post = (body: string, headers: OutgoingHttpHeaders = page(), path = job.path) =>
    status(`${path}weights/out`, { method: 'POST', headers, body });

  it('are taken by POST only, and from a page that names its origin', async () => {
    for (const method of ['GET', 'PUT', 'HEAD']) {
      expect(await status(`${job.path}weights/out`, { method, headers: page() })).toBe(405);
    }
    expect(await post('other weights', {})).toBe(403);
    expect(taken).toEqual([]);
  });

  it('are refused when too long, whether the length is said before or not', async () => {
    expect(await post('x'.repeat(MOST + 1))).toBe(413);
    const chunked = { ...page(), 'transfer-encoding': 'chunked' };
    expect(await post('x'.repeat(MOST + 1), chunked)).toBe(413);
    expect(taken).toEqual([]);
  });

  it('are not read on when they never end', async () => {
    const head = `POST ${job.path}weights/out HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: ${own()}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const sent = await new Promise<number>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`;
      let chunks = 0;
      const pour = () => {
        if (!socket.writable) return;
        chunks++;
        socket.write(chunk, () => setImmediate(pour));
      };
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(chunks));
      socket.write(head, pour);
    });
    expect(sent).toBeGreaterThan(0);
    expect(taken).toEqual([]);
  });

  it('are refused by a job that asked for none', async () => {
    expect(await post('other weights', page(), idle.path)).toBe(403);
  });

  it('are taken once', async () => {
    expect(await post('trained')).toBe(204);
    expect(await post('other weights')).toBe(403);
    expect(taken).toEqual(['trained']);
  });
});
