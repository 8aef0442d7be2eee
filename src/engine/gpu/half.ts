/**
 * Storage in half precision: a kernel is written once, over f32, and this rewrites the text for tensors that lie in memory as f16.
 * What it loads becomes f32 at once and what it stores is rounded last, so that every sum is still one of f32.
 */
import { type Constants, integer } from './wgsl';

const halves: Readonly<Record<string, string>> = { f32: 'f16', vec4f: 'vec4h' };

interface HalfArray {
  /** Type of an element in the kernel's arithmetic, and in memory. */
  type: string;
  stored: string;
}

/** Value of a binding's number, a sum of integers and constants: `3 + RUNNING`, `6 - IN_PLACE`. */
function bindingNumber(expression: string, constants: Constants): number {
  const signed = expression.replaceAll(/\s+/g, '').split(/(?=[+-])/);
  return signed.reduce((sum, term) => {
    const value = integer(term.replace(/^[+-]/, ''), constants);
    return term.startsWith('-') ? sum - value : sum + value;
  }, 0);
}

/** Position behind the bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '[' || text[at] === '(') depth++;
    if ((text[at] === ']' || text[at] === ')') && --depth === 0) return at + 1;
  }
  throw new Error('A shader has a bracket that nothing closes.');
}

/** Loads and stores of the arrays, with their conversions. */
function converted(text: string, arrays: ReadonlyMap<string, HalfArray>): string {
  const access = new RegExp(`\\b(${[...arrays.keys()].join('|')})\\[`, 'g');
  let result = '';
  let from = 0;
  for (let match = access.exec(text); match; match = access.exec(text)) {
    const [whole, name = ''] = match;
    const { type, stored } = arrays.get(name) as HalfArray;
    const open = match.index + whole.length - 1;
    const end = closing(text, open);
    const element = `${name}[${converted(text.slice(open + 1, end - 1), arrays)}]`;
    result += text.slice(from, match.index);
    const store = /^\s*([-+*/]?)=(?!=)/.exec(text.slice(end));
    if (store) {
      const stop = text.indexOf(';', end);
      const value = converted(text.slice(end + store[0].length, stop), arrays);
      const old = store[1] ? `${type}(${element}) ${store[1]} ` : '';
      result += `${element} = ${stored}(${old}(${value}))`;
      from = stop;
    } else {
      result += `${type}(${element})`;
      from = end;
    }
    access.lastIndex = from;
  }
  return result + text.slice(from);
}

/**
 * An expanded shader whose storage arrays at some bindings lie in memory as f16. Throws if one of them holds no floats. The
 * device needs the feature shader-f16.
 */
export function withHalfStorage(text: string, bindings: ReadonlySet<number>, constants: Constants): string {
  if (bindings.size === 0) return text;
  const code = text.replaceAll(/\/\/.*$/gm, '');
  const aliases = new Map(Array.from(code.matchAll(/alias (\w+) = (\w+);/g), ([, name, type]) => [name, type]));
  const arrays = new Map<string, HalfArray>();
  const declared = code.replaceAll(
    /@binding\(([^)]*)\) (var<storage[^>]*> )(\w+): array<(\w+)>/g,
    (line, number: string, storage: string, name: string, type: string) => {
      if (!bindings.has(bindingNumber(number, constants))) return line;
      const stored = halves[aliases.get(type) ?? type];
      if (!stored) throw new Error(`The shader's ${name} holds ${type}, which has no half precision.`);
      arrays.set(name, { type, stored });
      return `@binding(${number}) ${storage}${name}: array<${stored}>`;
    },
  );
  if (arrays.size !== bindings.size) throw new Error('A tensor in half precision is bound to no array of the shader.');
  return `enable f16;\n${converted(declared, arrays)}`;
}
