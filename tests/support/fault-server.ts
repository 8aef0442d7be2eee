/** A server of files that fails as servers and networks do: each request of a file may meet its own fault. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  /** The connection ends in the middle. */
  | 'cut'
  /** Half of it comes, then nothing more. */
  | 'stall'
  /** Nothing comes. */
  | 'silence'
  /** It comes, in pieces with pauses. */
  | 'slow'
  /** 429, and asks for a second. */
  | 'busy'
  | 'error'
  /** A sign-in page with status 200. */
  | 'page'
  /** One byte is another. */
  | 'damaged'
  /** Half of it, called whole. */
  | 'truncated'
  /** A byte more than there is. */
  | 'longer'
  /** A redirect to itself. */
  | 'loop'
  /** What other sites may not read. */
  | 'private'
  | 'missing';

export interface FaultServer {
  /** Address of the files' folder. */
  url: string;
  /** Files as they were asked for. */
  asked: string[];
  close(): void;
}

const half = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);

async function answer(
  bytes: Uint8Array,
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const whole = (body: Uint8Array, length = body.length) => {
    const rest = body.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': length - from,
      ...(from > 0 && { 'content-range': `bytes ${from}-${length - 1}/${length}` }),
    });
    return rest;
  };
  switch (fault) {
    case 'silence':
      return;
    case 'stall':
      response.write(half(whole(bytes)));
      return;
    case 'cut':
      response.write(half(whole(bytes)), () => setTimeout(() => response.destroy(), 50));
      return;
    case 'slow': {
      const rest = whole(bytes);
      for (let at = 0; at < rest.length; at += rest.length / 5) {
        response.write(rest.subarray(at, at + rest.length / 5));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      response.end();
      return;
    }
    case 'busy':
      response.writeHead(429, { 'retry-after': '1' }).end();
      return;
    case 'error':
      response.writeHead(500).end();
      return;
    case 'missing':
      response.writeHead(404).end();
      return;
    case 'page':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html>Sign in</html>');
      return;
    case 'damaged':
      response.end(whole(Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 2000 ? byte ^ 1 : byte))));
      return;
    case 'truncated':
      response.end(half(bytes));
      return;
    case 'longer':
      response.end(Uint8Array.from([...bytes, 0]));
      return;
    case 'loop':
      response.writeHead(302, { location: request.url ?? '/' }).end();
      return;
    case 'private':
      response.removeHeader('access-control-allow-origin');
      response.end(whole(bytes));
      return;
    case undefined:
      response.end(whole(bytes));
      return;
    default:
      fault satisfies never;
  }
}

/** Serves the files to every site. faults: of each file the faults of its first requests, in order; later ones are served well. */
export async function startFaultServer(
  files: ReadonlyMap<string, Uint8Array>,
  faults: Record<string, readonly (Fault | undefined)[]> = {},
): Promise<FaultServer> {
  const asked: string[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', '*');
    response.setHeader('access-control-expose-headers', '*');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    asked.push(name);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    const file = files.get(name);
    if (!file) return response.writeHead(404).end();
    return answer(file, faults[name]?.[count], request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
