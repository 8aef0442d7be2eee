/** Which state of this project is running. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** The commit that is checked out, '+' behind it if sources were changed since; null where there is no repository. */
export function checkedOutCommit(): string | null {
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'package-lock.json') !== '';
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? '+' : ''}`;
  } catch {
    return null;
  }
}
