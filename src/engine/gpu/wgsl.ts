/**
 * Shaders as text with three lines of its own, so that register tiles are written once and unrolled before any compiler sees
 * them (arrays of registers are not taken apart by every driver):
 *
 *     #for p P        ... {p} ...        #end      repeats its lines with 0, 1, .. P-1 in the place of {p}, 1, 2, .. P in that of {p+1}
 *     #if NAME        ... #else ...      #end      keeps one side; also `#if NAME == VALUE`
 *
 * Names are the kernel's constants, which the text also sees as WGSL constants of type u32, and {NAME} as a number.
 */

export type Constants = Readonly<Record<string, number>>;

interface Block {
  kind: 'for' | 'if';
  words: string[];
  lines: string[];
  otherwise: string[] | undefined;
}

/** Value of a number or of a constant's name; throws if there is no such constant. */
const integer = (word: string, constants: Constants): number => {
  const value = /^\d+$/.test(word) ? Number(word) : constants[word];
  if (value === undefined) throw new Error(`The shader asks for ${word}, which its kernel does not set.`);
  return value;
};

const holds = ([left = '', operator, right = '']: string[], constants: Constants): boolean =>
  operator === undefined ? integer(left, constants) !== 0 : integer(left, constants) === integer(right, constants);

function expanded(block: Block, constants: Constants): string[] {
  if (block.kind === 'if') return holds(block.words, constants) ? block.lines : (block.otherwise ?? []);
  const [name = '', count = ''] = block.words;
  return Array.from({ length: integer(count, constants) }, (_, i) =>
    block.lines.map((line) => line.replaceAll(`{${name}}`, String(i)).replaceAll(`{${name}+1}`, String(i + 1))),
  ).flat();
}

/** The text with its loops unrolled and its choices made. Throws on an unbalanced block or an unknown name. */
export function expand(source: string, constants: Constants): string {
  const blocks: Block[] = [{ kind: 'if', words: ['1'], lines: [], otherwise: undefined }];
  for (const line of source.split('\n')) {
    const words = line.trim().split(/\s+/);
    const top = blocks.at(-1) as Block;
    switch (words[0]) {
      case '#for':
      case '#if':
        blocks.push({
          kind: words[0] === '#for' ? 'for' : 'if',
          words: words.slice(1),
          lines: [],
          otherwise: undefined,
        });
        break;
      case '#else':
        top.otherwise = [];
        break;
      case '#end': {
        const closed = blocks.pop() as Block;
        const outer = blocks.at(-1);
        if (!outer) throw new Error('The shader has an #end too many.');
        (outer.otherwise ?? outer.lines).push(...expanded(closed, constants));
        break;
      }
      default:
        (top.otherwise ?? top.lines).push(line);
    }
  }
  if (blocks.length !== 1) throw new Error('The shader has a block without #end.');
  const text = (blocks[0] as Block).lines.join('\n');
  return text.replaceAll(/\{([A-Z_]+)\}/g, (_, name: string) => String(integer(name, constants)));
}

/** Threads of a workgroup; also WG in shaders. */
export const WORKGROUP = 64;
