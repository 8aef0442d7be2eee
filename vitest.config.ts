import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumFlags, findChromium } from './scripts/browser.mjs';
import { findLlvmpipe, llvmpipeTests } from './scripts/llvmpipe.mjs';
import { stopFaultServers, withFaults } from './tests/support/fault-commands.ts';

const { driver } = findLlvmpipe();

export default defineConfig({
  test: {
    // Vitest reads it here and not from a project: on a machine at work Chromium takes more than a minute to say hello.
    browser: { connectTimeout: 240_000 },
    projects: [
      { test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'], testTimeout: 60_000 } },
      // Commands that start Chromium.
      { test: { name: 'cli', environment: 'node', include: ['tests/cli/**/*.test.ts'], testTimeout: 300_000 } },
      {
        worker: { format: 'es' },
        optimizeDeps: {
          include: [
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops',
            '@tensorflow/tfjs-core/dist/register_all_gradients',
            '@tensorflow/tfjs-backend-webgpu',
            '@tensorflow/tfjs-backend-webgl',
            '@tensorflow/tfjs-backend-cpu',
            'idb',
            'zod',
            'modern-tar',
          ],
        },
        // The photos that some data tests read (they skip where there are none) lie beside the checkout.
        // A test that asks for what is not there gets the page's HTML; its modules are not to be bundled in the middle of a test.
        server: { fs: { allow: ['.', '../shared/data'] }, preTransformRequests: false },
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts', 'tests/gpu/**/*.test.ts'],
          testTimeout: 300_000,
          // One GPU, two cores: files in parallel only slow each other down.
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            commands: { withFaults, stopFaultServers },
            provider: playwright({
              launchOptions: { executablePath: findChromium() ?? 'chromium', args: chromiumFlags },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      // The kernels once more, on a second adapter: other roundings, other races, f16. Chromium can't reach it; Node can.
      {
        test: {
          name: 'llvmpipe',
          environment: 'node',
          include: driver ? llvmpipeTests : [],
          setupFiles: ['tests/support/dawn.ts'],
          testTimeout: 300_000,
          fileParallelism: false,
          // A process of its own: in a thread the Vulkan loader would not see the environment.
          pool: 'forks',
          env: driver ? { VK_DRIVER_FILES: driver } : {},
          // tfjs as the browser has it: its ES modules, one instance of its core.
          server: { deps: { inline: [/@tensorflow/] } },
        },
      },
    ],
  },
});
