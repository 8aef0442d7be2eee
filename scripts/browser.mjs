/** Finds the Chromium that tests and the command line drive, and the flags that give it WebGPU without a GPU. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { delimiter, join } from 'node:path';

/** Flags of headless Chromium. Without a GPU, SwiftShader is the WebGPU adapter. */
export const chromiumFlags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  ...(process.env.TRICKLAB_ADAPTER === 'gpu' ? [] : ['--use-webgpu-adapter=swiftshader']),
  '--enable-features=Vulkan',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/** @param {string[]} names */
function onPath(names) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      if (folder && existsSync(path)) return path;
    }
  }
}

function playwrightOwn() {
  /** @type {Partial<Record<NodeJS.Platform, string>>} */
  const caches = {
    linux: join(homedir(), '.cache', 'ms-playwright'),
    darwin: join(homedir(), 'Library', 'Caches', 'ms-playwright'),
    win32: join(process.env.LOCALAPPDATA ?? homedir(), 'ms-playwright'),
  };
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? caches[platform()];
  if (!cache || !existsSync(cache)) return;
  /** @type {Partial<Record<NodeJS.Platform, string[]>>} */
  const inside = {
    linux: ['chrome-linux/chrome', 'chrome-linux64/chrome'],
    darwin: [
      'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
      'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
    ],
    win32: ['chrome-win/chrome.exe', 'chrome-win64/chrome.exe'],
  };
  const builds = readdirSync(cache)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => Number(b.slice(9)) - Number(a.slice(9)));
  for (const build of builds) {
    for (const tail of inside[platform()] ?? []) {
      const path = join(cache, build, tail);
      if (existsSync(path)) return path;
    }
  }
}

/** Path of a Chromium or Chrome: $CHROMIUM_PATH, then an installed one, then Playwright's; undefined if there is none. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) {
    if (existsSync(process.env.CHROMIUM_PATH)) return process.env.CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH is ${process.env.CHROMIUM_PATH}, but there is no such file.`);
  }
  const { PROGRAMFILES, 'PROGRAMFILES(X86)': programs32, LOCALAPPDATA } = process.env;
  const programs = [PROGRAMFILES, programs32, LOCALAPPDATA].filter((folder) => folder !== undefined);
  /** @type {Partial<Record<NodeJS.Platform, string[]>>} */
  const usual = {
    linux: [],
    darwin: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    win32: programs.map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
  };
  return (
    onPath(['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']) ??
    (usual[platform()] ?? []).find((path) => existsSync(path)) ??
    playwrightOwn()
  );
}
