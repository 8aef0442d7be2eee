/**
 * Gets a clone ready: packages, built-in datasets and, with --browser, a Chromium. Runs before start, test and build;
 * does only what is missing, so that a second run is immediate. No imports beyond Node's: it runs before the install.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findChromium } from './browser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.tricklab-stamp');

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Tricklab needs Node 20.19 or newer; this is Node ${process.versions.node}. See https://nodejs.org.`);
}

/**
 * True if node_modules holds what package-lock.json asks for, whoever installed it.
 * @param {string} lock text of package-lock.json
 */
function installedAsLocked(lock) {
  const hidden = join(modules, '.package-lock.json');
  if (!existsSync(hidden)) return false;
  /** @type {{ packages: Record<string, { version: string, optional?: boolean, devOptional?: boolean }> }} */
  const asked = JSON.parse(lock);
  /** @type {typeof asked} */
  const { packages: installed } = JSON.parse(readFileSync(hidden, 'utf8'));
  return Object.entries(asked.packages).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    const there = installed[path];
    // Packages of other operating systems are in the lock and not on the disk.
    return there ? there.version === version : Boolean(optional || devOptional);
  });
}

/** @param {string[]} args */
function npm(args) {
  // Under `npm start` npm says where it is. Alone, a shell must find it: on Windows npm is a .cmd file.
  const cli = process.env.npm_execpath;
  /** @type {import('node:child_process').SpawnSyncOptions} */
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const result = cli?.endsWith('npm-cli.js')
    ? spawnSync(process.execPath, [cli, ...args], options)
    : spawnSync(`npm ${args.join(' ')}`, { ...options, shell: true });
  if (result.status !== 0) {
    throw new Error(
      `npm ${args.join(' ')} failed. If the network is down or behind a proxy, mend that and run it again.`,
    );
  }
}

function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const wanted = createHash('sha256').update(lock.replaceAll('\r\n', '\n')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!installedAsLocked(lock)) {
    say(existsSync(modules) ? 'package-lock.json has changed: installing packages ...' : 'Installing packages ...');
    npm(['ci', '--no-audit', '--no-fund']);
  }
  writeFileSync(stamp, wanted);
}

function installBrowser() {
  if (findChromium()) return;
  const debian = process.platform === 'linux' && existsSync('/usr/bin/apt-get');
  if (debian && process.getuid?.() === 0) {
    say('Installing Chromium with apt ...');
    /** @type {import('node:child_process').SpawnSyncOptions} */
    const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update'], options);
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options);
    if (findChromium()) return;
    throw new Error('apt could not install Chromium; its messages are above.');
  }
  throw new Error(
    [
      'No Chromium or Chrome was found. One of these gives you one:',
      ...(debian ? ['  sudo apt-get install chromium'] : []),
      '  npx playwright install chromium',
      '  or set CHROMIUM_PATH to the program, if it is somewhere unusual.',
    ].join('\n'),
  );
}

/**
 * Does what is missing, and says so on stderr; false (after a message) if it could not.
 * @param {{ browser?: boolean }} options browser: make sure of a Chromium too
 */
export async function setUp({ browser = false } = {}) {
  try {
    checkNode();
    installPackages();
    const { buildDatasets } = await import('./build-datasets.mjs');
    await buildDatasets();
    if (browser) installBrowser();
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return false;
  }
}

// Node resolves links in import.meta.url, but not in argv.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== '--browser');
  if (unknown) say(`Unknown option ${unknown}. setup knows --browser.`);
  if (unknown || !(await setUp({ browser: args.includes('--browser') }))) process.exitCode = 1;
}
