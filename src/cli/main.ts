/** The command line: the same product without a page. */
import packageJson from '../../package.json';
import { messageOf } from '../core/message';
import { commands } from './commands';
import type { Command } from './define-command';
import { Failure } from './failure';
import { helpOf, overview } from './help';
import { type Output, write } from './output';
import { didYouMean } from './suggest';

function commandCalled(name: string): Command {
  const names = commands.map((command) => command.name);
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  const there = ` There are: ${names.join(', ')}.`;
  throw new Failure(`There is no command "${name}".${didYouMean(name, names) || there}`);
}

async function obey([name, ...rest]: readonly string[], output: Output): Promise<void> {
  const asksForHelp = (word: string) => word === '--help' || word === '-h';
  if (name === undefined || name === 'help' || asksForHelp(name)) {
    output.stdout(rest[0] === undefined || asksForHelp(rest[0]) ? overview(commands) : helpOf(commandCalled(rest[0])));
  } else if (name === '--version' || name === '-V') {
    output.stdout(`tricklab ${packageJson.version}\n`);
  } else {
    const command = commandCalled(name);
    if (rest.some(asksForHelp)) output.stdout(helpOf(command));
    else write(output, await command.run(rest, output));
  }
}

/** Runs a command; the exit code: 0, or 1 after one line on stderr that says what is wrong. */
export async function main(argv: readonly string[], output: Output): Promise<number> {
  try {
    await obey(argv, output);
    return argv.length === 0 ? 1 : 0;
  } catch (error) {
    const message = messageOf(error);
    output.stderr(`${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
    // An error that is no mistake of the user's is a bug, and its place is wanted.
    if (!(error instanceof Failure) && process.env.TRICKLAB_DEBUG && error instanceof Error) {
      output.stderr(`${error.stack}\n`);
    }
    return 1;
  }
}
