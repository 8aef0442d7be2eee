/** Starts the page on this machine: `npm start -- [--port N] [--no-open]`. */
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createServer } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A browser can only open where somebody looks: not in CI, not on a Linux machine without a display. */
const hasScreen = () =>
  !process.env.CI && (process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY));

try {
  const { values } = parseArgs({ options: { port: { type: 'string' }, 'no-open': { type: 'boolean' } } });
  const port = Number(values.port ?? 5173);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port takes 0 to 65535, not ${values.port}.`);
  const server = await createServer({ root, server: { port, open: !values['no-open'] && hasScreen() } });
  await server.listen();
  server.printUrls();
  const stop = async () => {
    await server.close();
    process.exit();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
