/** The tricks that change over a run, each against its source. */
import { describe, expect, it } from 'vitest';
import { defaultOptions } from '../../../src/catalog/parts';
import { tricks } from '../../../src/catalog/tricks';
import { planSample } from '../../../src/data/plan';
import { planTraining } from '../../../src/experiment/plan';
import { experimentWith } from '../../../src/experiment/schema';

const BATCH = 8;
const facts = { trainImages: 10 * BATCH, classes: 4 };
const planOf = (keys: Parameters<typeof experimentWith>[0]) =>
  planTraining(experimentWith({ 'data.batch': BATCH, ...keys }), facts);

const timmOf = (id: string, options: object, epochs: number) => {
  const trick = tricks.find((candidate) => candidate.id === id);
  return trick?.timm({ ...defaultOptions(trick), ...options }, { epochs });
};

describe('the end of mixing', () => {
  /** Epochs in which no micro-batch is mixed. */
  const unmixed = (keys: Parameters<typeof experimentWith>[0]) => {
    const plan = planOf(keys);
    return Array.from({ length: Math.ceil(plan.epochs) }, (_, epoch) => epoch).filter((epoch) =>
      Array.from({ length: 10 }, (_, i) => plan.mix(plan.at(epoch, i))).every(({ kind }) => kind === 'none'),
    );
  };

  it.each([
    // gluon: lam = 1 where epoch >= num_epochs - mixup_off_epoch.
    [5, 2, [3, 4]],
    [5, 1, [4]],
    [3, 3, [0, 1, 2]],
    [2, 9, [0, 1]],
    // Half of the third epoch is left: 2 >= 2.5 - 1.
    [2.5, 1, [2]],
    [2.5, 2, [1, 2]],
  ])('of %f epochs, with the last %i unmixed, comes in epochs %j', (epochs, off, expected) => {
    const keys = { 'stop.epochs': epochs, 'mixup-off': true, 'mixup-off.epochs': off };
    // Alphas at which a micro-batch that happens to stay as it is has next to no probability.
    expect(unmixed({ ...keys, mixup: true, 'mixup.alpha': 8 })).toEqual(expected);
    expect(unmixed({ ...keys, cutmix: true, 'cutmix.alpha': 8 })).toEqual(expected);
    expect(unmixed({ ...keys, mixup: true, 'mixup.alpha': 8, cutmix: true, 'cutmix.alpha': 8 })).toEqual(expected);
  });

  it('changes nothing before, and leaves plain targets after', () => {
    const keys = { mixup: true, cutmix: true, 'stop.epochs': 4 };
    const [plan, ending] = [planOf(keys), planOf({ ...keys, 'mixup-off': true, 'mixup-off.epochs': 1 })];
    for (let i = 0; i < 30; i++) {
      const at = plan.at(Math.floor(i / 10), i % 10);
      expect(ending.mix(at)).toEqual(plan.mix(at));
    }
    expect([...ending.targets([1, 3], ending.at(3, 0))]).toEqual([0, 1, 0, 0, 0, 0, 0, 1]);
  });

  it("is timm's, which counts from the start", () => {
    expect(timmOf('mixup-off', { epochs: 2 }, 15)).toEqual({ args: ['--mixup-off-epoch', '13'] });
    expect(timmOf('mixup-off', { epochs: 1 }, 2.5)).toEqual({ args: ['--mixup-off-epoch', '2'] });
    // --mixup-off-epoch 0 means never.
    expect(timmOf('mixup-off', { epochs: 3 }, 3)).toHaveProperty('impossible');
  });
});

describe('the alternating flip', () => {
  const options = Object.fromEntries(tricks.map((trick) => [trick.id, defaultOptions(trick)]));
  const recipe = { size: 32, on: { 'alternating-flip': true }, options };
  const flipped = (seed: number, epoch: number, sample: number) => {
    const ops = planSample(recipe, seed, epoch, sample, 32, 32);
    expect(ops.length === 0 || (ops.length === 1 && ops[0]?.op === 'flip')).toBe(true);
    return ops.length === 1;
  };

  it('mirrors an image in every second epoch, from the first on or from the second', () => {
    for (let sample = 0; sample < 100; sample++) {
      const course = Array.from({ length: 6 }, (_, epoch) => flipped(3, epoch, sample));
      const [first] = course;
      expect(course).toEqual([first, !first, first, !first, first, !first]);
    }
  });

  it('begins with a half of the images, another one for another seed', () => {
    const n = 4000;
    const half = (seed: number) => Array.from({ length: n }, (_, sample) => flipped(seed, 0, sample));
    const [one, two] = [half(1), half(2)];
    // Five standard deviations of a fair coin: 158.
    for (const coins of [one, two]) expect(Math.abs(coins.filter(Boolean).length - n / 2)).toBeLessThan(158);
    const agree = one.filter((coin, i) => coin === two[i]).length;
    expect(Math.abs(agree - n / 2)).toBeLessThan(158);
  });

  it('takes the place of the horizontal flip', () => {
    expect(experimentWith({ 'alternating-flip': true }).on).toMatchObject({ flip: false, 'alternating-flip': true });
    expect(experimentWith({ flip: true }).on).toMatchObject({ flip: true, 'alternating-flip': false });
  });
});

function expectClose(values: ArrayLike<number>, expected: readonly number[], digits = 12) {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, digits);
}

describe('label smoothing over the run', () => {
  const smoothingOf = (decay: string) => {
    const plan = planOf({
      'label-smoothing': true,
      'label-smoothing.epsilon': 0.2,
      'label-smoothing.decay': decay,
      'stop.epochs': 4,
    });
    // Starts of the four epochs of ten updates, and the last update.
    const moments = [...[0, 1, 2, 3].map((epoch) => plan.at(epoch, 0)), plan.at(3, 9)];
    return { plan, shares: moments.map(plan.lossPlan.smoothing), last: moments[4] };
  };

  it('stays, or falls to nothing along a line or half a cosine', () => {
    expect(smoothingOf('constant').shares).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
    expectClose(smoothingOf('linear').shares, [0.2, 0.15, 0.1, 0.05, 0.005]);
    // .1 (1 + cos(pi t)) at t = 0, 1/4, 1/2, 3/4, 39/40.
    expectClose(smoothingOf('cosine').shares, [0.2, 0.170710678118655, 0.1, 0.029289321881345, 0.000308266626687]);
  });

  it('reaches the targets, and their least share', () => {
    const { plan } = smoothingOf('linear');
    const at = plan.at(2, 0);
    expect(plan.leastTarget(at)).toBeCloseTo(0.025, 12);
    // Targets are float32.
    expectClose(plan.targets([1], at), [0.025, 0.925, 0.025, 0.025], 6);
  });

  it('of the micro-batches of one update is the same', () => {
    const plan = planOf({
      'label-smoothing': true,
      'label-smoothing.decay': 'linear',
      'gradient-accumulation': true,
      'gradient-accumulation.steps': 4,
    });
    const shares = Array.from({ length: 10 }, (_, i) => plan.lossPlan.smoothing(plan.at(0, i)));
    expect(new Set(shares).size).toBe(3);
    expect([shares[3], shares[7], shares[9]]).toEqual([shares[0], shares[4], shares[8]]);
  });

  it("is timm's only while it stays", () => {
    expect(timmOf('label-smoothing', {}, 9)).toEqual({ args: ['--smoothing', '0.1'] });
    expect(timmOf('label-smoothing', { decay: 'linear' }, 9)).toHaveProperty('impossible');
  });

  it('of a link or a run from before is constant', () => {
    const { 'label-smoothing': smoothing } = experimentWith({ 'label-smoothing': true }).options;
    expect(smoothing).toEqual({ epsilon: 0.1, decay: 'constant' });
  });
});
