/** The shard index: `_info.json` of a WebDataset, strictly checked, since links can name any URL. */
import { z } from 'zod';
import { messageOf } from '../core/message';
import { decodeText } from '../core/text';
import { type DownloadOptions, download, Missing } from './download';
import { whatItIs } from './recognise';
import type { ShardIndex, ShardSplit } from './types';

/** Names of an index, as timm looks for them. */
export const INDEX_NAMES = ['_info.json', 'info.json'] as const;
const MAX_INDEX_BYTES = 2 ** 26;

const MAX_CLASSES = 100_000;
const MAX_SHARDS = 100_000;
const MAX_SHARD_SAMPLES = 10_000_000;
/** An ArrayBuffer of a shard must fit into memory. */
const MAX_SHARD_BYTES = 2 ** 31;

/** Characters of a file name that an address would read as its own. */
const escaped = (name: string) => encodeURI(name).replaceAll('#', '%23').replaceAll('?', '%3F');

/** Address of a shard: its name, letter by letter, in the folder of the index. */
export const shardUrl = (baseUrl: string, name: string) => new URL(`./${escaped(name)}`, baseUrl).href;

/** A folder to try names in: whatever leaves it leaves any. */
const ANY_FOLDER = 'https://any.invalid/folder/';

/** What is wrong with the name of a shard, or undefined. */
function wrongName(name: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return 'must be relative to _info.json, without a scheme';
  if (/^[/\\]/.test(name)) return 'must be relative to _info.json';
  if (name.split(/[/\\]/).includes('..')) return "must not contain '..'";
  const odd = /[\p{Cc}\\?]|%2e%2e|%2f|%5c/iu.exec(name)?.[0];
  if (odd !== undefined) return `has the character ${JSON.stringify(odd)}, which the file name of a shard may not have`;
  // Half of a surrogate pair.
  if (/\p{Cs}/u.test(name)) return 'is no text that an address can hold';
  return shardUrl(ANY_FOLDER, name).startsWith(ANY_FOLDER) ? undefined : 'leads out of the folder of _info.json';
}

const fileName = z
  .string()
  .min(1)
  .max(500)
  .superRefine((name, context) => {
    const message = wrongName(name);
    if (message) context.addIssue({ code: 'custom', message: `${message} ('${name.slice(0, 80)}')` });
  });

const perChannel = (least: number) =>
  z.tuple([0, 1, 2].map(() => z.number().min(least).max(1)) as [z.ZodNumber, z.ZodNumber, z.ZodNumber]);

const count = (max: number) => z.number().int().min(0).max(max);
const perShard = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_SHARDS);

const splitSchema = z
  .object({
    name: z.string().min(1).max(100),
    num_samples: count(2 ** 32 - 1),
    filenames: perShard(fileName).min(1, 'has no shards'),
    shard_lengths: perShard(count(MAX_SHARD_SAMPLES)),
    shard_bytes: perShard(count(MAX_SHARD_BYTES)).optional(),
    shard_sha256: perShard(z.string().regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')).optional(),
    class_counts: z
      .array(count(2 ** 32 - 1))
      .max(MAX_CLASSES)
      .optional(),
    // timm's: the key of the label in the sample's .json, in the place of its .cls.
    alt_label: z.string().min(1).max(200).optional(),
  })
  .superRefine((split, context) => {
    const shards = split.filenames.length;
    for (const key of ['shard_lengths', 'shard_bytes', 'shard_sha256'] as const) {
      const list = split[key];
      if (list && list.length !== shards) {
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `has ${list.length} entries, but there are ${shards} filenames`,
        });
      }
    }
    const sum = split.shard_lengths.reduce((a, b) => a + b, 0);
    if (sum !== split.num_samples) {
      context.addIssue({
        code: 'custom',
        path: ['num_samples'],
        message: `is ${split.num_samples}, but shard_lengths add up to ${sum}`,
      });
    }
    if (new Set(split.filenames).size !== shards) {
      context.addIssue({ code: 'custom', path: ['filenames'], message: 'names a shard twice' });
    }
  });

const KINDS: Record<string, string> = {
  array: 'a list',
  tuple: 'a list of three numbers',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  object: 'an object',
  record: 'an object',
};

/** zod's own words are for programs. */
function wordsFor(issue: { code?: string | undefined; expected?: unknown; input?: unknown }): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  return issue.input === undefined ? 'is missing' : `must be ${KINDS[String(issue.expected)] ?? 'something else'}`;
}

/** Names for classes of which only the number is known: '0', '1', ... */
const numberedClasses = (classes: number | undefined) =>
  classes === undefined ? undefined : Array.from({ length: classes }, (_, label) => String(label));

const countedClasses = (splits: Record<string, z.output<typeof splitSchema>>) => {
  const counts = Object.values(splits).find((split) => split.class_counts)?.class_counts?.length ?? 0;
  return counts >= 2 ? counts : undefined;
};

const infoSchema = z
  .object({
    format: z.literal('wds').optional(),
    // timm's own indexes have nothing but splits.
    name: z.string().min(1).max(200).optional(),
    license: z.string().max(2000).optional(),
    source: z.string().max(2000).optional(),
    classes: z.array(z.string().min(1).max(500)).min(2, 'needs two classes or more').max(MAX_CLASSES).optional(),
    num_classes: z.number().int().min(2, 'needs two classes or more').max(MAX_CLASSES).optional(),
    mean: perChannel(0).optional(),
    std: perChannel(1e-4).optional(),
    splits: z.record(z.string().min(1).max(100), splitSchema).refine((s) => Object.keys(s).length > 0, 'is empty'),
  })
  .transform(({ num_classes, ...info }, context) => {
    const classes = info.classes ?? numberedClasses(num_classes ?? countedClasses(info.splits));
    if (!classes) {
      const message =
        'is missing. Add the names of the classes in the order of their labels, or "num_classes": how many there are';
      context.addIssue({ code: 'custom', path: ['classes'], message });
      return z.NEVER;
    }
    for (const [id, split] of Object.entries(info.splits)) {
      if (split.class_counts && split.class_counts.length !== classes.length) {
        context.addIssue({
          code: 'custom',
          path: ['splits', id, 'class_counts'],
          message: `has ${split.class_counts.length} entries, but there are ${classes.length} classes`,
        });
      }
    }
    return { ...info, classes };
  });

/** Drops keys that are absent, which exactOptionalPropertyTypes asks for. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** The folder that the index lies in, or the site. */
function folderName(baseUrl: string): string {
  const { pathname, host } = new URL(baseUrl);
  return pathname.split('/').filter(Boolean).at(-1) ?? host;
}

/**
 * Checks the JSON of an `_info.json` that came from infoUrl (absolute). Unknown keys are ignored, as timm does.
 * Classes without names are called by their numbers; a dataset without a name is called by its folder.
 * Throws an Error that names the first problems for a person.
 */
export function parseShardIndex(json: unknown, infoUrl: string): ShardIndex {
  let baseUrl: string;
  try {
    baseUrl = new URL('.', infoUrl).href;
  } catch {
    throw new Error(`The address of the dataset's index must be a full URL, got '${infoUrl}'.`);
  }
  const parsed = infoSchema.safeParse(json, { error: wordsFor });
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      (issue) => `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`,
    );
    const rest = issues.length > 3 ? ` (and ${issues.length - 3} more)` : '';
    throw new Error(`${infoUrl} is not a valid dataset index. ${issues.slice(0, 3).join('; ')}${rest}.`);
  }
  const { format: _wds, name = folderName(baseUrl), splits, ...more } = parsed.data;
  const checked = Object.entries(splits).map(([id, split]): [string, ShardSplit] => [
    id,
    present(split) as unknown as ShardSplit,
  ]);
  return present({ ...more, name, splits: Object.fromEntries(checked), baseUrl }) as ShardIndex;
}

/** Reads the bytes of an index that came from infoUrl (absolute). Throws an Error for a person. */
export function readShardIndex(bytes: Uint8Array, infoUrl: string): ShardIndex {
  const other = whatItIs(bytes);
  if (other) throw new Error(`${infoUrl} is no dataset index: it is ${other}.`);
  let json: unknown;
  try {
    json = JSON.parse(decodeText(bytes));
  } catch (cause) {
    throw new Error(`${infoUrl} is no dataset index: it is not valid JSON, or only a part of it.`, { cause });
  }
  return parseShardIndex(json, infoUrl);
}

/**
 * Fetches and checks the shard index at infoUrl (absolute), as patiently as shards are fetched; where there is no _info.json an
 * info.json beside it will do. Throws an Error with a message for a person.
 */
export async function loadShardIndex(infoUrl: string, options: DownloadOptions = {}): Promise<ShardIndex> {
  const [name, otherName] = INDEX_NAMES;
  const load = async (url: string) =>
    readShardIndex(await download(url, { maxBytes: MAX_INDEX_BYTES, ...options }), url);
  try {
    return await load(infoUrl).catch((error: unknown) => {
      const { pathname } = new URL(infoUrl);
      if (!(error instanceof Missing) || !pathname.endsWith(`/${name}`)) throw error;
      return load(new URL(otherName, infoUrl).href).catch((second: unknown) => {
        throw second instanceof Missing ? error : second;
      });
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new Error(`The dataset's index could not be read. ${messageOf(cause)}`, { cause });
  }
}

/** The split of that name; throws an Error that lists the declared ones. */
export function splitOf(index: ShardIndex, name: string): ShardSplit {
  const split = Object.hasOwn(index.splits, name) ? index.splits[name] : undefined;
  if (!split) {
    throw new Error(
      `The dataset '${index.name}' has no split '${name}'; its index declares: ${Object.keys(index.splits).join(', ')}.`,
    );
  }
  return split;
}
