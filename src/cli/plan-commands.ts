/** Commands that only plan, so they need no browser: `info`, `schedule`, `link`. */

import { estimate } from '../experiment/estimate';
import { expectedFacts, planTraining } from '../experiment/plan';
import { defaultExperiment } from '../experiment/schema';
import { toLink } from '../experiment/url';
import { readArguments, wholeNumber } from './arguments';
import { readExperiment, withKeys, withModel } from './experiment-source';
import { Failure } from './failure';
import { answer, type Output } from './output';

/** Where `npm start` serves the page. */
const PAGE = 'http://localhost:5173/';

export function info(argv: readonly string[], output: Output): void {
  const args = readArguments(argv, ['model', 'classes', 'size'], 1);
  const word = args.words[0];
  const base = word === undefined ? undefined : readExperiment(word);
  const size = args.values.size;
  const experiment = withKeys(withModel(base, args.values.model), {
    ...(size !== undefined && { 'data.size': size }),
    ...args.set,
  });
  const classes = wholeNumber(args, 'classes', 1) ?? expectedFacts(experiment).classes;
  const { params, gmacs: weighted, attentionGmacs, estimatedBytes } = estimate(experiment, classes);
  // The published figures of CMT count the products of attention too.
  const gmacs = weighted + attentionGmacs;
  const summary = `${experiment.model}: ${params.toLocaleString('en')} parameters, ${gmacs.toPrecision(4)} GMAC an image, about ${(estimatedBytes / 2 ** 20).toFixed(0)} MiB to train`;
  answer(output, { model: experiment.model, params, gmacs, estimatedBytes }, summary, { json: args.json });
}

export function schedule(argv: readonly string[], output: Output): void {
  const args = readArguments(argv, ['steps'], 1);
  const word = args.words[0];
  const experiment = withKeys(word === undefined ? defaultExperiment() : readExperiment(word), args.set);
  const plan = planTraining(experiment, expectedFacts(experiment));
  const updates = Math.min(plan.totalUpdates, wholeNumber(args, 'steps', 1) ?? plan.totalUpdates);
  const lr = Array.from({ length: updates }, (_, update) => plan.lr(update));
  const peak = lr.reduce((a, b) => Math.max(a, b), 0);
  const summary = `${updates.toLocaleString('en')} updates, from ${lr[0]?.toPrecision(3)} over ${peak.toPrecision(3)} to ${lr.at(-1)?.toPrecision(3)}`;
  answer(output, { lr }, summary, { json: args.json });
}

export function link(argv: readonly string[], output: Output): void {
  const args = readArguments(argv, ['base'], 1);
  const word = args.words[0];
  if (word === undefined) throw new Failure('link needs an experiment: a JSON file, a link or preset:NAME.');
  const base = args.values.base ?? PAGE;
  if (!URL.canParse(base)) throw new Failure(`--base takes the page's address, not "${base}".`);
  const url = new URL(base);
  url.search = toLink(withKeys(readExperiment(word), args.set));
  answer(output, { link: url.href }, url.href, { json: args.json });
}
