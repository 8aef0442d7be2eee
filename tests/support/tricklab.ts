/** The command line in this process: what it prints, and its exit code. */
import { expect } from 'vitest';
import { main } from '../../src/cli/main';

export async function tricklab(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await main(argv, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

/** The one line on stderr of a command that fails, and prints nothing else. */
export async function mistake(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await tricklab(...argv);
  expect([code, stdout]).toEqual([1, '']);
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] as string;
}
