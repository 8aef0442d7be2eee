import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { download, serverWait } from '../../../src/data/download';

const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251));
let server: Server | undefined;

/** A real server that answers as the handler says; requests are counted from 1. */
async function serve(handler: (count: number, ...args: Parameters<RequestListener>) => void): Promise<string> {
  let count = 0;
  server = createServer((request, response) => handler(++count, request, response));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/shard.tar`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Records how long it would have waited. */
function waits() {
  const ms: number[] = [];
  return { ms, sleep: async (wait: number) => void ms.push(wait) };
}

describe('download', () => {
  it('gives the file, and sends the token', async () => {
    let authorization: string | undefined;
    const url = await serve((_, request, response) => {
      authorization = request.headers.authorization;
      response.end(body);
    });
    expect(Buffer.compare(await download(url, { token: 'secret' }), body)).toBe(0);
    expect(authorization).toBe('Bearer secret');
  });

  it('continues a cut transfer where it broke', async () => {
    const ranges: (string | undefined)[] = [];
    const url = await serve((count, request, response) => {
      ranges.push(request.headers.range);
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from ? 206 : 200, {
        'content-length': body.length - from,
        ...(from ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
      });
      if (count === 3) response.end(body.subarray(from));
      else response.write(body.subarray(from, from + 70_000), () => setTimeout(() => response.destroy(), 50));
    });
    const { sleep } = waits();
    expect(Buffer.compare(await download(url, { sleep, expectedBytes: body.length }), body)).toBe(0);
    expect(ranges).toEqual([undefined, 'bytes=70000-', 'bytes=140000-']);
  });

  it('begins anew when the server knows no ranges', async () => {
    const url = await serve((count, _, response) => {
      response.writeHead(200, { 'content-length': body.length });
      if (count > 1) response.end(body);
      else response.write(body.subarray(0, 1000), () => setTimeout(() => response.destroy(), 50));
    });
    expect(Buffer.compare(await download(url, waits()), body)).toBe(0);
  });

  it('notices that less came than the index declares', async () => {
    let asked = 0;
    const url = await serve((count, _, response) => {
      asked = count;
      response.end(count < 3 ? body.subarray(0, 1000) : body);
    });
    expect(Buffer.compare(await download(url, { ...waits(), expectedBytes: body.length }), body)).toBe(0);
    expect(asked).toBe(3);
  });

  it('waits as long as a busy server asks', async () => {
    const url = await serve((count, _, response) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '7' }).end();
      else if (count === 2) response.writeHead(503, { ratelimit: '"api";r=0;t=30' }).end();
      else response.end(body);
    });
    const { ms, sleep } = waits();
    await download(url, { sleep });
    expect(ms).toEqual([7000, 30_000]);
  });

  it('backs off exponentially with jitter, then gives up in words', async () => {
    const url = await serve((_, __, response) => void response.writeHead(500).end());
    const { ms, sleep } = waits();
    await expect(download(url, { sleep })).rejects.toThrow(
      `${url} could not be downloaded after 6 tries: the server answered 500.`,
    );
    expect(ms.length).toBe(5);
    ms.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(250 * 2 ** i);
      expect(wait).toBeLessThan(750 * 2 ** i);
    });
    expect(new Set(ms.map((wait, i) => wait / 2 ** i)).size).toBe(5);
  });

  for (const [status, words] of [
    [403, 'is not public'],
    [404, 'does not exist'],
    [400, 'the server answered 400'],
  ] as const) {
    it(`does not try again after ${status}`, async () => {
      let asked = 0;
      const url = await serve((count, _, response) => {
        asked = count;
        response.writeHead(status).end();
      });
      await expect(download(url, waits())).rejects.toThrow(words);
      expect(asked).toBe(1);
    });
  }

  it('says so when the server asks for more patience than five minutes', async () => {
    const url = await serve((_, __, response) => void response.writeHead(429, { 'retry-after': '3600' }).end());
    await expect(download(url, waits())).rejects.toThrow('It asks to wait 60 minutes');
  });

  it('reads dates and both spellings of rate limits', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    const wait = (headers: Record<string, string>) => serverWait(new Headers(headers), now);
    expect(wait({ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' })).toBe(9000);
    expect(wait({ ratelimit: 'limit=100, remaining=0, reset=12' })).toBe(12_000);
    expect(wait({ ratelimit: '"api";r=5;t=30' })).toBeUndefined();
    expect(wait({})).toBeUndefined();
  });
});
