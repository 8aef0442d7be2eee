/** The command line as a test runs it: in this process, with what it wrote. */
import { main } from '../../src/cli/main';

/** Exit code and the text on both streams. */
export async function tricklab(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
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
