/** The files of src, read as text: what the tests of the house look at. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
  /** Relative to src, with slashes. */
  path: string;
  /** The first part of the path; '' for a file of src itself. */
  folder: string;
  text: string;
  /** The text without comments. */
  code: string;
}

export interface Import {
  /** As written. */
  from: string;
  typeOnly: boolean;
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');

export const sources: readonly Source[] = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => {
    const path = name.split(sep).join('/');
    const text = readFileSync(join(root, 'src', name), 'utf8');
    return {
      path,
      folder: path.includes('/') ? (path.split('/')[0] as string) : '',
      text,
      code: withoutComments(text),
    };
  });

export function importsOf({ code }: Source): Import[] {
  const statements = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g;
  return [
    ...Array.from(code.matchAll(statements), (match) => ({ from: match[2] as string, typeOnly: Boolean(match[1]) })),
    ...Array.from(code.matchAll(dynamic), (match) => ({ from: match[1] as string, typeOnly: false })),
  ];
}

/** The file of src that a relative import means, without extension, or undefined for a package. */
export const target = (source: Source, from: string): string | undefined =>
  from.startsWith('.') ? posix.normalize(posix.join(dirname(source.path), from)) : undefined;

/** Files that import each other, directly or round a corner, types included: each group sorted, joined by ' <-> '. */
export function circles(all: readonly Source[]): string[] {
  const byPath = new Map(all.map((source) => [source.path, source]));
  const next = new Map(
    all.map((source) => {
      const targets = importsOf(source).flatMap(({ from }) => {
        const path = target(source, from);
        const file = ['', '.ts', '.tsx', '/index.ts'].map((end) => path + end).find((name) => byPath.has(name));
        return file ? [file] : [];
      });
      return [source.path, targets] as const;
    }),
  );
  /** Everything that a file needs, itself only if it needs itself. */
  const needs = (path: string) => {
    const found = new Set<string>();
    const waiting = [...(next.get(path) ?? [])];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (found.has(file)) continue;
      found.add(file);
      waiting.push(...(next.get(file) ?? []));
    }
    return found;
  };
  const needed = new Map(all.map(({ path }) => [path, needs(path)]));
  const groups = all
    .filter(({ path }) => needed.get(path)?.has(path))
    .map(({ path }) =>
      [...(needed.get(path) ?? [])]
        .filter((file) => needed.get(file)?.has(path))
        .sort()
        .join(' <-> '),
    );
  return [...new Set(groups)].sort();
}
