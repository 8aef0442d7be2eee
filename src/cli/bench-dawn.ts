/** The benchmark without a browser: every contender in a process of its own, on the adapter that Dawn finds. */
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import packageJson from '../../package.json';
import { type BenchResult, type Opener, type Progress, runBench } from '../bench/run-bench';
import type { Peer } from '../platform/calls';
import type { BenchRequest } from './bench-page';
import { Failure } from './failure';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The version that is asked for. */
export const dawnVersion = packageJson.peerDependencies.webgpu;

function findDawn(): void {
  try {
    createRequire(join(root, 'package.json')).resolve('webgpu');
  } catch {
    const wanted = `webgpu@${dawnVersion}`;
    throw new Failure(`--runtime dawn needs the npm package webgpu: npm install --no-save ${wanted}`);
  }
}

/** One file of modules for Node, tfjs among them: as the browser has it, its ES modules with one instance of its core. */
async function bundle(outDir: string): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    ssr: { noExternal: true, external: ['webgpu'] },
    build: { ssr: 'src/bench/dawn/child.ts', outDir, target: 'node20', minify: false },
  });
}

/** Mesa and NVIDIA keep compiled shaders on disk. */
const withoutShaderCaches = { MESA_SHADER_CACHE_DISABLE: 'true', __GL_SHADER_DISK_CACHE: '0' };

function openChild(program: string, name: string, fresh: boolean): Peer {
  const child = fork(program, [name], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...(fresh && withoutShaderCaches) },
  });
  let closed = false;
  let said = '';
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  return {
    post: (message) => child.send(message as object),
    listen: (heard) => child.on('message', heard),
    onFailure: (heard) =>
      child.on('exit', (code, signal) => {
        if (closed) return;
        // Besides an error Dawn writes warnings, which are no reasons.
        const reason = /^\w*Error: .*$/m.exec(said)?.[0];
        heard(`A worker of the benchmark failed: ${name} ended with ${signal ?? code}${reason ? `: ${reason}` : ''}`);
      }),
    close: () => {
      closed = true;
      child.kill('SIGKILL');
    },
  };
}

export type ContenderName = 'ours' | 'stock' | 'jax';

/** Works with contenders in Node. A Failure where the package webgpu is missing. Close what you open: it is gone afterwards. */
export async function withDawn<T>(work: (open: (name: ContenderName) => Opener) => Promise<T>): Promise<T> {
  findDawn();
  const outDir = join(root, '.cache', `bench-dawn-${process.pid}`);
  try {
    await bundle(outDir);
    return await work((name) => (how) => openChild(join(outDir, 'child.js'), name, how?.fresh ?? false));
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** Runs the benchmark in Node; its data workers need a browser and are not measured. */
export const benchOnDawn = (request: BenchRequest, progress: Progress): Promise<BenchResult> =>
  withDawn((open) => {
    const contenders = { ours: open('ours'), stock: open('stock'), jax: open('jax') };
    return runBench({ ...request, contenders }, progress);
  });
