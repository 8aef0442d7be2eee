/** One's own runs beside published rows: which runs are a row in small, and what they gained over its baseline. */
import { type Interval, mean, meanInterval } from '../core/stats';
import { recipeKey, settingKey, settingWords } from '../experiment/recipe';
import type { Experiment } from '../experiment/schema';
import type { Run } from './run';

/** Finished runs of one row in one setting: validation top-1 in [0, 1], by seed. */
export type SeedResults = ReadonlyMap<number, number>;

/** Where and how long runs were tried: results in it can be compared. */
export interface OwnSetting {
  key: string;
  words: string;
  /** By the row's preset. */
  results: ReadonlyMap<string, SeedResults>;
}

/** A row's experiment, by the id of its preset. */
export type RowExperiments = ReadonlyMap<string, Experiment>;

/** The settings in which rows were tried, the one with most rows first. Runs of one seed count as one, with their mean. */
export function ownSettings(runs: readonly Run[], rows: RowExperiments): OwnSetting[] {
  const presetOf = new Map([...rows].map(([preset, experiment]) => [recipeKey(experiment), preset]));
  const settings = new Map<string, { words: string; results: Map<string, Map<number, number[]>> }>();
  for (const { state, summary, experiment } of runs) {
    if (state !== 'finished' || summary.top1 === undefined || !experiment) continue;
    const preset = presetOf.get(recipeKey(experiment));
    if (preset === undefined) continue;
    const key = settingKey(experiment);
    const setting = settings.get(key) ?? { words: settingWords(experiment), results: new Map() };
    settings.set(key, setting);
    const seeds = setting.results.get(preset) ?? new Map<number, number[]>();
    setting.results.set(preset, seeds);
    seeds.set(experiment.seed, [...(seeds.get(experiment.seed) ?? []), summary.top1]);
  }
  return [...settings]
    .map(([key, { words, results }]) => ({
      key,
      words,
      results: new Map(
        [...results].map(([preset, seeds]) => [preset, new Map([...seeds].map(([seed, all]) => [seed, mean(all)]))]),
      ),
    }))
    .sort((a, b) => b.results.size - a.results.size);
}

/** Gain over the baseline: paired where both have a seed, else the difference of the means; undefined where one has no run. */
export function gainOver(baseline: SeedResults | undefined, results: SeedResults | undefined): Interval | undefined {
  if (!baseline?.size || !results?.size) return undefined;
  const paired = [...results].flatMap(([seed, value]) => {
    const base = baseline.get(seed);
    return base === undefined ? [] : [value - base];
  });
  if (paired.length > 0) return meanInterval(paired);
  const difference = mean([...results.values()]) - mean([...baseline.values()]);
  return { mean: difference, low: difference, high: difference, n: 1 };
}
