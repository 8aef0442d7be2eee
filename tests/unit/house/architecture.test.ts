/** The layer rule, and the other rules of the house that a machine can check, read off the sources themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { circles, type Import, importsOf, root, type Source, sources, target } from '../../support/sources';

/**
 * Folder of src -> what it may import from, besides itself. A file name allows that file only, and only its types; a folder below
 * allows that folder.
 */
const layers: Record<string, readonly string[]> = {
  core: [],
  // What a browser gives and its workers are: lines to workers, databases.
  platform: ['core'],
  // Models are written over the ops, and their cost is read off them: declarations without tfjs.
  catalog: ['core', 'engine/ops'],
  experiment: ['catalog', 'core', 'engine/ops'],
  engine: ['platform', 'core'],
  data: ['catalog', 'core'],
  trainer: ['engine', 'data', 'experiment', 'catalog', 'core'],
  runs: ['experiment', 'catalog', 'platform', 'core'],
  // Everything that the page knows and does, without React, window or storage of its own.
  lab: ['runs', 'experiment', 'catalog', 'platform', 'core', 'trainer/protocol.ts'],
  app: ['lab', 'runs', 'experiment', 'catalog', 'platform', 'core', 'bench/run-bench.ts'],
  // The page's preview shows what the loader makes, and its benchmark trains: each in a worker of its own.
  'app worker': ['bench', 'data', 'experiment', 'catalog', 'platform', 'core'],
  // The engine beside its rivals, and the data workers that feed it.
  bench: ['engine', 'data', 'experiment', 'catalog', 'platform', 'core'],
  cli: ['bench', 'runs', 'experiment', 'catalog', 'platform', 'core', 'data', 'trainer/protocol.ts'],
};

/** Folders whose code must run in Node, in a worker and in a page alike. */
const pure = ['core', 'catalog', 'experiment'];

const MAX_LINES = 400;

/** Folder of src -> the file to read first. In other folders that is index.ts, where there is one. */
const mainFiles: Record<string, string> = {
  core: 'core/rng.ts',
  catalog: 'catalog/define.ts',
  experiment: 'experiment/schema.ts',
  engine: 'engine/index.ts',
  data: 'data/loader.ts',
  trainer: 'trainer/session.ts',
  runs: 'runs/store.ts',
  lab: 'lab/lab.ts',
  platform: 'platform/calls.ts',
  app: 'app/app.tsx',
  bench: 'bench/run-bench.ts',
  cli: 'cli/main.ts',
};

/** What a file says before its first import: one sentence at least. */
const headOf = (source: Source | undefined) => /^\/\*\*[\s\S]{30,}?\*\//.exec(source?.text ?? '')?.[0];

const layerOf = ({ path, folder }: Source) => (folder === 'app' && path.endsWith('.worker.ts') ? 'app worker' : folder);

/** What is wrong with an import, or undefined. */
function violation(source: Source, { from, typeOnly }: Import): string | undefined {
  const path = target(source, from);
  if (path === undefined || source.folder === '') return undefined;
  if (path.startsWith('..')) return source.folder === 'cli' ? undefined : `${source.path} imports ${from}, outside src`;
  const folder = path.split('/')[0] as string;
  if (folder === source.folder) return undefined;
  const allowed = layers[layerOf(source)] ?? [];
  if (allowed.some((name) => path === name || path.startsWith(`${name}/`))) return undefined;
  if (allowed.includes(`${path}.ts`)) {
    return typeOnly ? undefined : `${source.path} imports more than types from ${from}`;
  }
  return `${source.path} imports ${from}: ${source.folder} may use ${allowed.join(', ') || 'nothing else'}`;
}

describe('the architecture', () => {
  it('is read whole: every folder of src has a layer, and imports are found in it', () => {
    const folders = new Set(sources.map((source) => source.folder).filter(Boolean));
    expect([...folders].filter((folder) => !(folder in layers))).toEqual([]);
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(sources.length);
  });

  it('sees a forbidden import when there is one', () => {
    const source = (code: string): Source => ({ path: 'core/x.ts', folder: 'core', text: code, code });
    const wrongs = (code: string) => importsOf(source(code)).map((one) => violation(source(code), one));
    expect(wrongs("import { a } from '../engine';")[0]).toContain('core may use nothing else');
    expect(wrongs("import {\n  a,\n  b,\n} from '../catalog/define';")).toHaveLength(1);
    expect(wrongs("export * from '../data/tar';")[0]).toContain('data/tar');
    expect(wrongs("const a = await import('../app/x');")[0]).toContain('app/x');
    expect(wrongs("import { a } from './rng';")).toEqual([undefined]);
  });

  it('has imports that point to the right or down only', () => {
    const wrong = sources.flatMap((source) => importsOf(source).map((one) => violation(source, one)));
    expect(wrong.filter(Boolean)).toEqual([]);
  });

  it('lets the page read the declarations of ops without tfjs: types of it alone', () => {
    const declarations = sources.filter(({ path }) => path.startsWith('engine/ops/'));
    const seen = new Set<string>();
    const wrong: string[] = [];
    const follow = (source: Source) => {
      if (seen.has(source.path)) return;
      seen.add(source.path);
      for (const { from, typeOnly } of importsOf(source)) {
        if (typeOnly) continue;
        const path = target(source, from);
        if (path === undefined) wrong.push(`${source.path} imports ${from}`);
        const next = sources.find((one) => [`${path}.ts`, `${path}/index.ts`].includes(one.path));
        if (next) follow(next);
      }
    };
    declarations.forEach(follow);
    expect(declarations.length).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
  });

  it('sees a circle of imports when there is one, round a corner and of types alone too', () => {
    const source = (path: string, code: string): Source => ({ path, folder: 'core', text: code, code });
    const files = [
      source('core/a.ts', "import type { B } from './b';"),
      source('core/b.ts', "export { c } from './folder';"),
      source('core/folder/index.ts', "import { a } from '../a';\nimport { d } from '../d';"),
      source('core/d.ts', "import { e } from './e';"),
      source('core/e.ts', ''),
    ];
    expect(circles(files)).toEqual(['core/a.ts <-> core/b.ts <-> core/folder/index.ts']);
    expect(circles(files.slice(1))).toEqual([]);
  });

  it('has no imports in a circle', () => {
    expect(circles(sources)).toEqual([]);
  });

  it("says at the head of each folder's main file why the folder is there", () => {
    const found = sources.filter(({ path }) => path.endsWith('/index.ts')).map(({ path }) => path);
    const mains = [...new Set([...Object.values(mainFiles), ...found])];
    const silent = mains.filter((path) => !headOf(sources.find((source) => source.path === path)));
    expect(silent).toEqual([]);
  });

  it('knows tfjs in src/engine only, and as the rival that it is measured against', () => {
    const knowing = sources.filter((source) => importsOf(source).some(({ from }) => from.startsWith('@tensorflow')));
    expect(
      knowing
        .filter(({ folder, path }) => folder !== 'engine' && !path.startsWith('bench/stock'))
        .map((source) => source.path),
    ).toEqual([]);
    expect(knowing.length).toBeGreaterThan(0);
  });

  it("keeps jax-js out of the page: only the command line opens the benchmark's worker that knows it", () => {
    const knowing = sources.filter((source) => importsOf(source).some(({ from }) => from.startsWith('@jax-js')));
    expect(knowing.length).toBeGreaterThan(0);
    expect(knowing.map(({ path }) => path).filter((path) => !path.startsWith('bench/jax/'))).toEqual([]);
    const naming = sources.filter(({ code }) => code.includes('jax.worker'));
    expect(naming.map(({ path }) => path)).toEqual(['cli/bench-page.ts']);
  });

  it('keeps the lab free of React and of what only a page has', () => {
    const page =
      /\b(document|window|navigator|localStorage|sessionStorage|indexedDB|location|history)\s*[.([]|from 'react/;
    const found = sources.filter(({ folder, code }) => folder === 'lab' && page.test(code));
    expect(found.map((source) => source.path)).toEqual([]);
  });

  it('keeps no state in modules of the page and its lab: only a worker is there once', () => {
    const found = sources.filter(
      (source) => ['app', 'lab', 'platform'].includes(layerOf(source)) && /^(export )?(let|var) /m.test(source.code),
    );
    expect(found.map((source) => source.path)).toEqual([]);
  });

  it('uses no DOM, worker or Node in the pure folders', () => {
    const impure = /\b(document|window|navigator|localStorage|indexedDB|fetch|self|postMessage)\s*[.([]|from 'node:/;
    const found = sources.filter(({ folder, code }) => pure.includes(folder) && impure.test(code));
    expect(found.map((source) => source.path)).toEqual([]);
  });

  it('takes randomness from core/rng.ts alone', () => {
    const random = /\bMath\.random\b|\bgetRandomValues\b|\bseed\w*\s*[:=]\s*(Date\.now|performance\.now)/i;
    const found = sources.filter(({ path, code }) => path !== 'core/rng.ts' && random.test(code));
    expect(found.map((source) => source.path)).toEqual([]);
  });

  it('keeps the protocol free of code', () => {
    const protocol = sources.find((source) => source.path === 'trainer/protocol.ts');
    expect(protocol).toBeDefined();
    const statements = (protocol?.code ?? '').match(/^\S.*$/gm) ?? [];
    const types = /^(import type |export type |export interface |type |interface |\||[})\]])/;
    expect(statements.filter((line) => !types.test(line))).toEqual([]);
  });

  it(`keeps files under ${MAX_LINES} lines, with names in kebab-case`, () => {
    const tests = readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(root, 'tests', name));
    const files = [...sources.map((source) => join(root, 'src', source.path)), ...tests];
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > MAX_LINES);
    expect(long.map((file) => relative(root, file))).toEqual([]);
    const odd = files.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(file.split(sep).at(-1) ?? ''));
    expect(odd.map((file) => relative(root, file))).toEqual([]);
  });

  it('exports by name: a default export has no name to search for', () => {
    expect(sources.filter(({ code }) => /^export default\b/m.test(code)).map((source) => source.path)).toEqual([]);
  });

  it('leaves nothing for later', () => {
    const marks = new RegExp(['TO', 'FIX', 'XX'].map((word, i) => word + ['DO', 'ME', 'X'][i]).join('|'));
    expect(sources.filter(({ text }) => marks.test(text)).map((source) => source.path)).toEqual([]);
  });
});
