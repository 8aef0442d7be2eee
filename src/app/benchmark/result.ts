/** Numbers of a benchmark as they are kept and shared: few, checked, small enough for a link. */
import { z } from 'zod';
import type { BenchResult } from '../../bench/run-bench';

/** Of the benchmark's workloads, those that the page offers, in words. */
export const workloadNames = { residual: 'Five residual layers', 'resnet-vd': 'Small ResNet-vd' } as const;

export type OfferedWorkload = keyof typeof workloadNames;

export const offeredWorkloads = Object.keys(workloadNames) as OfferedWorkload[];

/** Longest packed benchmark that is read; a real one has about 100 characters. */
const MAX_LENGTH = 400;
const MAX_ADAPTER = 80;

/** What a name may have: nothing that Markdown, an address or the packed form gives a meaning. */
const FOREIGN = /[^\p{L}\p{N} .,:()+/-]+/gu;

// An hour, in milliseconds: longer steps nobody waits for.
const milliseconds = z.number().positive().max(3_600_000);

const benchmark = z.strictObject({
  adapter: z
    .string()
    .min(1)
    .max(MAX_ADAPTER)
    .refine((name) => name.search(FOREIGN) < 0 && name.trim() === name),
  startup: z.strictObject({
    pipelines: z.int().nonnegative().max(10_000),
    compileMs: milliseconds,
    stockCompileMs: milliseconds.nullable(),
  }),
  speed: z
    .array(
      z.strictObject({
        workload: z.enum(offeredWorkloads),
        oursMs: milliseconds,
        stockMs: milliseconds.nullable(),
        gemmFraction: z.number().nonnegative().max(100),
      }),
    )
    .min(1)
    .refine((speed) => new Set(speed.map(({ workload }) => workload)).size === speed.length),
});

/** Milliseconds a step; null for stock tfjs where it can't run. gemmFraction: of the rate of a plain matrix product. */
export type Benchmark = z.infer<typeof benchmark>;

/** Four digits: more is noise. */
const rounded = (value: number) => Number(value.toPrecision(4));
const roundedOrNull = (value: number | null) => (value === null ? null : rounded(value));

/** What is kept of a result. */
export function benchmarkOf({ adapter, startup, speed }: BenchResult): Benchmark {
  const { pipelines, compileMs, stockCompileMs } = startup;
  return benchmark.parse({
    adapter: adapter.replaceAll(FOREIGN, ' ').slice(0, MAX_ADAPTER).trim() || 'unnamed GPU',
    startup: { pipelines, compileMs: rounded(compileMs), stockCompileMs: roundedOrNull(stockCompileMs) },
    speed: speed.map(({ workload, oursMs, stockMs, gemmFraction }) => ({
      workload,
      oursMs: rounded(oursMs),
      stockMs: roundedOrNull(stockMs),
      gemmFraction: rounded(gemmFraction),
    })),
  });
}

const VERSION = '1';

/** '1~ADAPTER~PIPELINES,MS,STOCK MS~WORKLOAD,MS,STOCK MS,FRACTION~...'; a number that is not there is empty. */
export function pack({ adapter, startup, speed }: Benchmark): string {
  const { pipelines, compileMs, stockCompileMs } = startup;
  return [
    VERSION,
    adapter,
    [pipelines, compileMs, stockCompileMs].join(','),
    ...speed.map(({ workload, oursMs, stockMs, gemmFraction }) => [workload, oursMs, stockMs, gemmFraction].join(',')),
  ].join('~');
}

/** The benchmark that a text packs; undefined for every other text. */
export function unpack(text: string): Benchmark | undefined {
  if (text.length > MAX_LENGTH) return;
  const number = (part = '') => (/^\d/.test(part) ? Number(part) : Number.NaN);
  const numberOrNull = (part = '') => (part === '' ? null : number(part));
  const [version, adapter, startup = '', ...speed] = text.split('~');
  const [pipelines, compileMs, stockCompileMs, ...more] = startup.split(',');
  const { data } = benchmark.safeParse({
    adapter,
    startup: {
      pipelines: number(pipelines),
      compileMs: number(compileMs),
      stockCompileMs: numberOrNull(stockCompileMs),
    },
    speed: speed.map((part) => {
      const [workload, oursMs, stockMs, gemmFraction] = part.split(',');
      return {
        workload,
        oursMs: number(oursMs),
        stockMs: numberOrNull(stockMs),
        gemmFraction: number(gemmFraction),
      };
    }),
  });
  // What is packed otherwise than pack() does was not made here.
  return version === VERSION && more.length === 0 && data && pack(data) === text ? data : undefined;
}

const KEY = 'bench';

/** The query string of a link that shows a benchmark, without '?'. */
export const toBenchmarkLink = (shared: Benchmark) =>
  `${KEY}=${encodeURIComponent(pack(shared)).replaceAll('%2C', ',')}`;

/** A query string without the benchmark, which is the experiment's, and the packed benchmark in it. */
export function splitSearch(search: string): { experiment: string; packed: string | undefined } {
  const parameters = new URLSearchParams(search);
  const packed = parameters.get(KEY) ?? undefined;
  if (packed === undefined) return { experiment: search, packed };
  parameters.delete(KEY);
  return { experiment: String(parameters), packed };
}
