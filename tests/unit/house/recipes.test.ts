/** The recipes of CONTRIBUTING.md are carried out, all in one copy of the tree: they lead where they say, and no step can be left out. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, type Recipe, recipesOf } from '../../support/recipes';
import { root } from '../../support/sources';

const recipes = recipesOf(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'));

const cache = join(root, '.cache', 'recipes');
const copy = join(cache, 'tree');
const copied = ['src', 'tests', 'scripts', 'README.md', 'index.html', 'package.json', 'tsconfig.json'];
const configs = ['vite.config.ts', 'vitest.config.ts', 'playwright.config.ts'];

beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of [...copied, ...configs]) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Runs a program of node_modules in the copy. */
function run(program: string, ...args: string[]) {
  // The runner of the copy is no child of this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST|^NODE_ENV$/.test(name)));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', program), ...args], {
    cwd: copy,
    encoding: 'utf8',
    env,
  });
  return { status, output: stdout + stderr };
}

interface TestResult {
  name: string;
  status: string;
  message: string;
  assertionResults: { failureMessages: string[] }[];
}

/** Test file -> what failed in it, nothing if it passed. */
function outcomes(files: readonly string[]): Map<string, string> {
  const report = join(cache, 'report.json');
  rmSync(report, { force: true });
  const { output } = run(
    'vitest/vitest.mjs',
    'run',
    '--project',
    'unit',
    '--reporter=json',
    `--outputFile=${report}`,
    ...files,
  );
  try {
    const { testResults }: { testResults: TestResult[] } = JSON.parse(readFileSync(report, 'utf8'));
    return new Map(
      testResults.map(({ name, status, message, assertionResults }) => {
        const failures = [message, ...assertionResults.flatMap(({ failureMessages }) => failureMessages)].join('\n');
        return [name.slice(copy.length + 1), status === 'passed' ? '' : failures || status];
      }),
    );
  } catch {
    throw new Error(`The tests of the recipes did not run:\n${output}`);
  }
}

const files = (all: readonly Recipe[]) => [...new Set(all.flatMap(({ tests }) => tests))].sort();
const titleOf = (kind: string) => `Add ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`;
/** The test that a recipe brings along. */
const ownTest = ({ steps }: Recipe) => steps.find(({ file }) => file.startsWith('tests/'))?.file ?? '';

describe('the recipes', () => {
  it('each write code, a test of it and a command that runs that test', () => {
    expect(recipes.map(({ title }) => title)).toEqual(
      ['trick', 'schedule', 'optimizer', 'model', 'op', 'command', 'tab', 'dataset'].map((kind) => titleOf(kind)),
    );
    for (const recipe of recipes) expect(recipe.tests).toContain(ownTest(recipe));
  });

  it('lead to a tree whose types are right and whose tests are green', () => {
    for (const step of recipes.flatMap(({ steps }) => steps)) apply(step, copy);
    const types = run('typescript/bin/tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', join(cache, 'types'));
    expect(types.output).toBe('');
    const waiting = recipes.flatMap((recipe) => recipe.waiting);
    const results = outcomes([...files(recipes), ...waiting.map(({ file }) => file)]);
    for (const { file, names } of waiting) {
      expect(results.get(file)).toContain(names);
      results.delete(file);
    }
    expect([...results].sort()).toEqual(files(recipes).map((file) => [file, '']));
  }, 180_000);

  it('have no step that can be left out: without the changes to files that were there, their own tests fail', () => {
    const added = recipes.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'file'));
    for (const step of added) apply(step, copy);
    const own = recipes.map(ownTest).sort();
    const failed = [...outcomes(own)].filter(([, failures]) => failures !== '');
    expect(failed.map(([file]) => file).sort()).toEqual(own);
  }, 180_000);

  it('say so when a step no longer fits the tree', () => {
    const [change] = recipes.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'change'));
    if (!change) throw new Error('No recipe changes a file.');
    apply(change, copy);
    expect(() => apply({ ...change, text: ' import nothing\n+import something\n' }, copy)).toThrow('0 times, not once');
    const [file] = recipes.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'file'));
    if (!file) throw new Error('No recipe writes a file.');
    apply(file, copy);
    expect(() => apply(file, copy)).toThrow('EEXIST');
  });
});
