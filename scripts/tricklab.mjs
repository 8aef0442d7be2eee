/** The command line's front door: loads src/cli/main.ts as it is, without a build step. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} text */
const stdout = (text) => process.stdout.write(text);
/** @param {string} text */
const stderr = (text) => process.stderr.write(text);

// A reader that has had enough, as head has, is no failure.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
});

if (await setUp()) {
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(join(root, 'src', 'cli', 'main.ts'), {
    root,
    configFile: false,
    logLevel: 'error',
  });
  process.exitCode = await module.main(process.argv.slice(2), { stdout, stderr });
} else {
  process.exitCode = 1;
}
