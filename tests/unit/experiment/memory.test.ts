import { describe, expect, it } from 'vitest';
import { estimate } from '../../../src/experiment/estimate';
import { nearestFitting, tightness } from '../../../src/experiment/memory';
import { type Experiment, experimentWith } from '../../../src/experiment/schema';

const gpu = { software: false };
const software = { software: true };

describe('memory', () => {
  it('beyond any GPU is refused, beyond most it is said, and what a good one has is nobody’s business', () => {
    expect(tightness(635.8e9, gpu, undefined)).toEqual({
      impossible: true,
      message: 'It would take about 635.8 GB; the largest GPU that a browser can use lends 384.0 GB.',
    });
    expect(tightness(27.9e9, gpu, undefined)).toMatchObject({
      impossible: false,
      message: expect.stringContaining('24.0 GB'),
    });
    expect(tightness(23e9, gpu, 4e9)).toBeUndefined();
  });

  it("of a software adapter is the computer's, or a stated number where that is not told", () => {
    expect(tightness(5e9, software, 4e9)).toMatchObject({
      impossible: true,
      message: expect.stringContaining('which is 4.0 GB'),
    });
    expect(tightness(17e9, software, undefined)?.message).toContain('16 GB are counted on');
    expect(tightness(15e9, software, undefined)).toBeUndefined();
    expect(tightness(17e9, software, 64e9)).toBeUndefined();
  });
});

describe('the nearest setting that fits', () => {
  const bytes = (experiment: Experiment) => estimate(experiment, 10).estimatedBytes;
  const large = experimentWith({
    'resnet50-vd.width': 1,
    'resnet50-vd.depths': '3,4,6,3',
    'data.size': 512,
    'data.batch': 1024,
  });
  const below = (room: number) => nearestFitting(large, (candidate) => bytes(candidate) <= room);

  it('has a smaller batch, and no smaller one than must be', () => {
    const found = below(bytes(large) / 3);
    expect(found?.words).toBe('a batch of 256');
    expect(found?.experiment.options.data).toEqual({ ...large.options.data, batch: 256 });
  });

  it('has smaller images where no batch is small enough', () => {
    const found = below(bytes(large) / 300);
    expect(found?.words).toMatch(/^a batch of 8 and images of \d+ px$/);
    expect(found && bytes(found.experiment)).toBeLessThanOrEqual(bytes(large) / 300);
    expect(found?.experiment.options.data?.size).toBeGreaterThan(32);
  });

  it('is none where the weights alone are too many', () => {
    expect(below(1e6)).toBeUndefined();
  });
});
