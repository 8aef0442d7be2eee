/** Help, as the declarations have it. */
import { commonOptions } from './arguments';
import type { Option, Value } from './declaration';
import type { Command } from './define-command';

const PROGRAM = 'npm run -s tricklab --';

/** Rows of two columns, the second broken at 110 characters. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const wide = Math.max(...rows.map(([left]) => left.length));
  const broken = (words: string) => {
    const lines = [''];
    for (const word of words.split(' ')) {
      if (`${lines.at(-1)} ${word}`.length > 110 - wide) lines.push('');
      lines.push(`${lines.pop()} ${word}`.trimStart());
    }
    return lines.join(`\n${' '.repeat(wide + 4)}`);
  };
  return rows.map(([left, right]) => `  ${left.padEnd(wide)}  ${broken(right)}\n`).join('');
}

const placeholderOf = ({ placeholder, required }: Value<unknown>) => (required ? placeholder : `[${placeholder}]`);

/** The name, the words, and the options that cannot be left out. */
function usageOf({ name, words, options }: Command): string {
  const needed = Object.entries(options).flatMap(([option, declared]) =>
    declared.kind === 'value' && declared.required ? [`--${option} ${declared.placeholder}`] : [],
  );
  return [name, ...Object.values(words).map(placeholderOf), ...needed].join(' ');
}

function optionRow([name, option]: [string, Option]): [string, string] {
  const left = option.kind === 'flag' ? `--${name}` : `--${name} ${option.placeholder}`;
  return [name === 'help' ? `-h, ${left}` : left, option.summary];
}

/** All commands in a list. The README holds it word for word. */
export function overview(commands: readonly Command[]): string {
  return `Usage: ${PROGRAM} COMMAND

${columns(commands.map((command) => [usageOf(command), command.summary]))}
\`help COMMAND\` or \`COMMAND --help\` says what a command takes, --version which Tricklab this is. Every command takes --json: the
result as JSON on stdout. The exit code is 0, or 1 after one line on stderr that says what is wrong.
`;
}

/** Everything about one command. */
export function helpOf(command: Command): string {
  const { summary, words, options, examples, details } = command;
  const wordRows = Object.values(words).map((word): [string, string] => [word.placeholder, word.summary]);
  const optionRows = Object.entries({ ...options, ...commonOptions }).map(optionRow);
  return [
    `Usage: ${PROGRAM} ${usageOf(command)} [OPTIONS]\n\n${summary}\n`,
    columns([...wordRows, ...optionRows]),
    `Examples:\n${examples.map((example) => `  ${PROGRAM} ${command.name} ${example}\n`).join('')}`,
    ...(details ? [details()] : []),
  ].join('\n');
}
