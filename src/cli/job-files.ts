/**
 * The files of one job, for its own page alone. Every other page that the user has open can reach a port of this machine, and
 * a form or a fetch without preflight can even post to it: so the path has a secret, and headers are checked besides.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveFolder } from './data-folder';

export interface JobFiles {
  /** Folder of shards, read at data/. */
  data?: string | undefined;
  /** safetensors that the page may read at weights/in. */
  weights?: Uint8Array | undefined;
  /** The same of a teacher, at weights/teacher. */
  teacher?: Uint8Array | undefined;
  /** Takes what is posted to weights/out, once; without it nothing may be posted. */
  onWeights?: (weights: Uint8Array) => void;
}

/** A full-size ResNet-50 has 100 MB, twice the width 400 MB. */
const MOST_POSTED = 2 ** 30;

export type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const originOf = ({ socket }: IncomingMessage) => `http://127.0.0.1:${socket.localPort}`;

/**
 * Lets the server's own page in, and refuses every other: by the name that the browser asked for (a foreign name may have been
 * bound to this address), by the origin, and by what the browser says of where the request is from. Programs, which are no
 * pages and could read the files themselves, send neither of the last two.
 */
export const ownPageOnly: Handler = (request, response, next) => {
  const own = originOf(request);
  const { host, origin = own, 'sec-fetch-site': from = 'same-origin' } = request.headers;
  // A page's address typed, or opened by the program: 'none'.
  const site = from === 'same-origin' || from === 'none';
  if (`http://${host}` === own && origin === own && site) next();
  else response.writeHead(403).end();
};

/** A body of at most `most` bytes; undefined if it is longer, and the rest is not even read. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Where the files are, and what serves them there: a path of the server that nobody can guess, with a slash at its end. */
export function serveJobFiles(files: JobFiles, most = MOST_POSTED): { path: string; handler: Handler } {
  const path = `/@tricklab/${randomBytes(24).toString('base64url')}/`;
  let { onWeights } = files;

  const takeWeights = async (request: IncomingMessage, response: ServerResponse) => {
    // Browsers name the origin of every post.
    if (!onWeights || request.headers.origin !== originOf(request)) return response.writeHead(403).end();
    const weights = await bodyOf(request, most);
    if (!weights) return response.writeHead(413, { connection: 'close' }).end(() => request.destroy());
    // A second post may have come while this one was read.
    if (!onWeights) return response.writeHead(409).end();
    onWeights(weights);
    onWeights = undefined;
    return response.writeHead(204).end();
  };

  const giveBytes = (bytes: Uint8Array | undefined, response: ServerResponse) => {
    if (!bytes) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
    return response.end(bytes);
  };

  const handler: Handler = (request, response, next) => {
    if (!request.url?.startsWith(path)) return next();
    const name = request.url.slice(path.length);
    const posting = name === 'weights/out';
    const methods = posting ? ['POST'] : ['GET', 'HEAD'];
    if (!methods.includes(request.method ?? '')) {
      response.writeHead(405, { allow: methods.join(', ') }).end();
      return;
    }
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    response.setHeader('x-content-type-options', 'nosniff');
    if (posting) {
      takeWeights(request, response).catch(() => response.destroy());
    } else if (name.startsWith('data/') && files.data !== undefined) {
      request.url = name.slice('data'.length);
      serveFolder(files.data, request, response);
    } else {
      const given: Record<string, Uint8Array | undefined> = {
        'weights/in': files.weights,
        'weights/teacher': files.teacher,
      };
      giveBytes(Object.hasOwn(given, name) ? given[name] : undefined, response);
    }
  };
  return { path, handler };
}
