/** What of an experiment is its recipe, and what is only where, how large and how long it was tried. */
import type { OptionValues } from '../catalog/define';
import { datasetOf, defaultOptions, findPart } from '../catalog/parts';
import { activeTricks } from '../catalog/tricks';
import { optionText } from './option-text';
import { numberOf } from './plan';
import { controlsOf, type Experiment } from './schema';

/** Options that name a run of this browser, a teacher, say nothing to another. */
const namesRun = (part: string, option: string) => {
  const entry = findPart(part);
  return entry !== undefined && controlsOf(entry.part).get(option)?.kind === 'checkpoint';
};

/** The options of a part; those that were not there yet when the run was kept have their defaults, as it was trained. */
const complete = (experiment: Experiment, id: string): OptionValues => {
  const entry = findPart(id);
  return { ...(entry && defaultOptions(entry.part)), ...experiment.options[id] };
};

const text = (values: OptionValues | undefined) =>
  Object.entries(values ?? {})
    .map(([name, value]) => `${name}=${optionText(value)}`)
    .sort()
    .join(',');

/**
 * Equal for two experiments with the same model, batch, optimizer, schedule and tricks, each with the same options; options of
 * what is not used do not count. Seed, dataset, image size, share of the data, depth and width, engine, length and the run
 * that teaches may differ.
 */
export function recipeKey(experiment: Experiment): string {
  const { model, optimizer, schedule } = experiment;
  return [
    model,
    `batch ${numberOf(experiment, 'data', 'batch')}`,
    `${optimizer} ${text(complete(experiment, optimizer))}`,
    `${schedule} ${text(complete(experiment, schedule))}`,
    ...activeTricks(experiment).map(({ trick }) => {
      const told = Object.entries(complete(experiment, trick.id)).filter(([name]) => !namesRun(trick.id, name));
      return `${trick.id} ${text(Object.fromEntries(told))}`;
    }),
  ].join('\n');
}

/** Equal for two experiments that can be compared: same data, size, depth, width and length. */
export function settingKey(experiment: Experiment): string {
  const { dataset, model, options } = experiment;
  const { size, fraction, evalFraction } = options.data ?? {};
  return [dataset, options[dataset], { size, fraction, evalFraction }, options.stop, options[model]]
    .map((part) => (typeof part === 'object' ? text(part as OptionValues) : part))
    .join('\n');
}

/** The setting in words: 'Fashion-MNIST, 28 px, 12 epochs of 20 % of the images, width 0.125'. */
export function settingWords(experiment: Experiment): string {
  const { dataset, model, options } = experiment;
  const fraction = numberOf(experiment, 'data', 'fraction');
  const steps = numberOf(experiment, 'stop', 'steps');
  const width = options[model]?.width;
  return [
    datasetOf(dataset).label,
    `${numberOf(experiment, 'data', 'size')} px`,
    `${numberOf(experiment, 'stop', 'epochs')} epochs${fraction < 1 ? ` of ${Number((fraction * 100).toPrecision(3))} % of the images` : ''}`,
    ...(steps ? [`at most ${steps} updates`] : []),
    ...(typeof width === 'number' && width !== 1 ? [`width ${width}`] : []),
  ].join(', ');
}
