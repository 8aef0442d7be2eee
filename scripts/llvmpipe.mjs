/** Finds Mesa's software Vulkan driver, the second adapter that kernels are tested on, and the WebGPU of Node that reaches it. */
import { existsSync, readdirSync } from 'node:fs';
import { platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The test files that run on it: the kernels' once more, and those that need it or Node. */
export const llvmpipeTests = [
  ...['ops', 'op-properties', 'recorded', 'optimizers', 'half', 'distillation', 'distillation-loss'].map(
    (name) => `tests/gpu/${name}.test.ts`,
  ),
  ...['bench', 'large-tiles'].map((name) => `tests/dawn/${name}.test.ts`),
];

/** Where Linux distributions put the files that name Vulkan drivers. */
const folders = ['/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/usr/share/vulkan/icd.d'];

/** Path of the file that names the driver to a Vulkan loader; undefined if it is not installed. */
function findDriver() {
  if (platform() !== 'linux') return;
  for (const folder of folders.filter(existsSync)) {
    const name = readdirSync(folder).find((file) => /^lvp_icd.*\.json$/.test(file));
    if (name) return join(folder, name);
  }
}

/**
 * The file for VK_DRIVER_FILES, or what is missing, for a person.
 * Chromium's own WebGPU can't have this adapter: of software adapters it takes SwiftShader only.
 * @returns {{ driver: string, missing?: undefined } | { driver?: undefined, missing: string }}
 */
export function findLlvmpipe() {
  const driver = findDriver();
  if (!driver) return { missing: 'no llvmpipe on this machine (on Debian: mesa-vulkan-drivers 25 from backports)' };
  if (!existsSync(join(root, 'node_modules', 'webgpu', 'package.json')))
    return { missing: 'the npm package webgpu is not installed' };
  return { driver };
}
