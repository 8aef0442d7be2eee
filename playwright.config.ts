import { defineConfig } from '@playwright/test';
import { chromiumFlags, findChromium } from './scripts/browser.mjs';

const port = Number(process.env.TRICKLAB_E2E_PORT ?? 4317);
// A sub-folder that the build knows nothing of: only relative paths work there.
const url = `http://127.0.0.1:${port}/some/folder/`;
const executablePath = findChromium();

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: '.cache/e2e',
  // One GPU, often a software one: pages side by side only slow each other down.
  workers: 1,
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['json', { outputFile: process.env.TRICKLAB_E2E_REPORT ?? '.cache/e2e.json' }]],
  use: {
    baseURL: url,
    launchOptions: { args: chromiumFlags, ...(executablePath && { executablePath }) },
  },
  // The built site, not the dev server: what is tested is what a static host serves.
  webServer: {
    command: `npx vite build --logLevel warn && npx vite preview --host 127.0.0.1 --port ${port} --strictPort --base /some/folder/`,
    url,
    timeout: 300_000,
    // Whatever the runner that starts this one has set for itself.
    env: { NODE_ENV: 'production' },
    stdout: 'ignore',
    stderr: 'pipe',
  },
});
