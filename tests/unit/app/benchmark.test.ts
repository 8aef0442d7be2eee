/** A shared benchmark: kept small, packed into a link and read again strictly, said in words. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Benchmark,
  benchmarkOf,
  pack,
  splitSearch,
  toBenchmarkLink,
  unpack,
} from '../../../src/app/benchmark/result';
import { rowsOf, toJson, toMarkdown, toText } from '../../../src/app/benchmark/words';
import type { BenchResult, Speed } from '../../../src/bench/run-bench';

const speed = (workload: Speed['workload'], oursMs: number, stockMs: number | null): Speed => ({
  workload,
  oursMs,
  stockMs,
  jaxMs: null,
  vsStock: stockMs && stockMs / oursMs,
  vsJax: null,
  gemmFraction: 0.31234567,
});

const measured: BenchResult = {
  adapter: 'SwiftShader Device (Subzero)',
  speed: [speed('residual', 191.98765, 1796.4321), speed('resnet-vd', 203.25, null)],
  startup: { pipelines: 50, compileMs: 1746.123, stockCompileMs: 12_730.5 },
  data: null,
};

const shared = benchmarkOf(measured);
const packed = '1~SwiftShader Device (Subzero)~50,1746,12730~residual,192,1796,0.3123~resnet-vd,203.3,,0.3123';

describe('a shared benchmark', () => {
  it('keeps four digits, and null for a rival that could not run', () => {
    expect(shared).toEqual({
      adapter: 'SwiftShader Device (Subzero)',
      startup: { pipelines: 50, compileMs: 1746, stockCompileMs: 12730 },
      speed: [
        { workload: 'residual', oursMs: 192, stockMs: 1796, gemmFraction: 0.3123 },
        { workload: 'resnet-vd', oursMs: 203.3, stockMs: null, gemmFraction: 0.3123 },
      ],
    });
  });

  it('is packed into a short readable link, and read from it beside the settings', () => {
    expect(pack(shared)).toBe(packed);
    expect(unpack(packed)).toEqual(shared);
    const link = `?v=1&mixup=on&${toBenchmarkLink(shared)}`;
    expect(link.length).toBeLessThan(140);
    const { experiment, packed: found } = splitSearch(link);
    expect(new URLSearchParams(experiment).toString()).toBe('v=1&mixup=on');
    expect(unpack(found ?? '')).toEqual(shared);
    expect(splitSearch('?v=1&a=b,c')).toEqual({ experiment: '?v=1&a=b,c', packed: undefined });
  });

  it('survives the link whatever was measured', () => {
    const ms = fc.double({ min: 1e-3, max: 3e6, noNaN: true });
    const entry = fc.record({
      oursMs: ms,
      stockMs: fc.option(ms),
      gemmFraction: fc.double({ min: 0, max: 9, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), entry, entry, fc.nat(9999), (adapter, one, other, pipelines) => {
        const kept = benchmarkOf({
          ...measured,
          adapter,
          startup: { pipelines, compileMs: one.oursMs, stockCompileMs: other.stockMs },
          speed: [
            { ...speed('residual', 1, 1), ...one },
            { ...speed('resnet-vd', 1, 1), ...other },
          ],
        });
        expect(unpack(splitSearch(`?${toBenchmarkLink(kept)}`).packed ?? '')).toEqual(kept);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['another version', packed.replace('1~', '2~')],
    ['an unknown workload', packed.replace('residual', 'cmt')],
    ['a workload twice', packed.replace('resnet-vd', 'residual')],
    ['no workload', packed.split('~').slice(0, 3).join('~')],
    ['a negative time', packed.replace(',192,', ',-192,')],
    ['a time that is no number', packed.replace(',192,', ',Infinity,')],
    ['a time of more than an hour', packed.replace(',192,', ',3600001,')],
    ['no time of ours', packed.replace(',192,', ',,')],
    ['a number written otherwise', packed.replace(',192,', ',192.0,')],
    ['half a pipeline', packed.replace('50,', '50.5,')],
    ['a number too many', `${packed},7`],
    ['markup for a name', packed.replace('SwiftShader', '<b>Swift')],
    ['a Markdown link for a name', packed.replace('SwiftShader', '[Swift](x)')],
    ['a name too long', packed.replace('SwiftShader', 'S'.repeat(81))],
    ['a text too long', packed.replace('SwiftShader', 'S'.repeat(400))],
  ])('refuses %s', (_what, text) => {
    expect(text).not.toBe(packed);
    expect(unpack(text)).toBeUndefined();
  });
});

describe('its words', () => {
  it('have times with their unit, the factor, and the part of the matrix rate', () => {
    expect(rowsOf(shared)).toEqual([
      { name: 'Five residual layers', cells: ['192 ms', '1,796 ms', '9.4×', '31 %'] },
      { name: 'Small ResNet-vd', cells: ['203 ms', '–', '', '31 %'] },
      { name: 'First step of the five layers, compiling included', cells: ['1,746 ms', '12,730 ms', '7.3×', ''] },
    ]);
  });

  it('are a table in Markdown, lines as text, and numbers as JSON', () => {
    const table = toMarkdown(shared).split('\n');
    expect(table[0]).toBe('A training step on SwiftShader Device (Subzero):');
    expect(table[4]).toBe('| Five residual layers | 192 ms | 1,796 ms | 9.4× | 31 % |');
    expect(new Set(table.slice(2).map((row) => row.split('|').length))).toEqual(new Set([7]));
    expect(toText(shared).split('\n')[1]).toBe(
      "Five residual layers: Tricklab 192 ms, stock tf.layers 1,796 ms (9.4×), 31 % of the matrix product's rate",
    );
    expect(toText(shared).split('\n')[2]).toBe("Small ResNet-vd: Tricklab 203 ms, 31 % of the matrix product's rate");
    expect(JSON.parse(toJson(shared)) as Benchmark).toEqual(shared);
  });
});
