/** The recipes of CONTRIBUTING.md as changes to a tree of files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Step {
  /** Of the repository. */
  file: string;
  /** A new file, or lines changed in one that is there. */
  kind: 'file' | 'change';
  text: string;
}

export interface Recipe {
  title: string;
  steps: Step[];
  /** Test files in Node that the recipe's commands name, but for those that wait for numbers. */
  tests: string[];
  /** Test files that fail, and name what was added, until somebody else's numbers are there: `... # names ID until there are numbers`. */
  waiting: { file: string; names: string }[];
}

/** Every recipe of the text: a heading of the third level, and the blocks below it. */
export function recipesOf(markdown: string): Recipe[] {
  const [, ...sections] = markdown.split(/^### /m);
  const unitTests = (line: string) => line.match(/tests\/unit\/\S+\.test\.ts/g) ?? [];
  return sections.map((section) => {
    const blocks = [...section.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)];
    const commands = blocks.flatMap(([, language, , text]) => (language === 'sh' ? (text as string).split('\n') : []));
    const waits = (line: string) => /# names (\S+) until/.exec(line)?.[1];
    return {
      title: section.slice(0, section.indexOf('\n')),
      steps: blocks.flatMap(([, language, file, text]): Step[] =>
        file ? [{ file, kind: language === 'diff' ? 'change' : 'file', text: text as string }] : [],
      ),
      tests: commands.filter((line) => !waits(line)).flatMap(unitTests),
      waiting: commands.flatMap((line) => {
        const names = waits(line);
        return names ? unitTests(line).map((file) => ({ file, names })) : [];
      }),
    };
  });
}

const side = (text: string, mark: '+' | '-') =>
  text
    .split('\n')
    .filter((line) => line.startsWith(' ') || line.startsWith(mark))
    .map((line) => `${line.slice(1)}\n`)
    .join('');

/** Does one step below a folder. Throws if a file is there that should be new, or the lines to change are not there exactly once. */
export function apply({ file, kind, text }: Step, folder: string): void {
  const path = join(folder, file);
  if (kind === 'file') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
    return;
  }
  const parts = readFileSync(path, 'utf8').split(side(text, '-'));
  if (parts.length !== 2) throw new Error(`${file} has these lines ${parts.length - 1} times, not once:\n${text}`);
  writeFileSync(path, parts.join(side(text, '+')));
}
