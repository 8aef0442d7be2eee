/** `info`: what a model weighs and costs. */
import { estimate } from '../../experiment/estimate';
import { expectedFacts } from '../../experiment/plan';
import { defineCommand, text, wholeNumber } from '../define-command';
import { withKeys, withModel } from '../experiment-source';
import { orFailure } from '../failure';
import { experimentWord, setOption } from '../shared-options';

export const info = defineCommand({
  name: 'info',
  summary: 'parameters, multiply-adds and memory of a model',
  words: { experiment: experimentWord },
  options: {
    model: text('ID', 'a model, alone with its published dimensions'),
    classes: wholeNumber(1, "classes, in place of the dataset's"),
    size: text('N', 'side of the images in pixels: data.size'),
    set: setOption,
  },
  examples: ['preset:tiny', '--model cmt-tiny --classes 1000 --size 224 --json'],
  run({ experiment: base, model, classes: asked, size, set }) {
    const keys = { ...(size !== undefined && { 'data.size': size }), ...set };
    const experiment = withKeys(withModel(base, model), keys);
    const classes = asked ?? expectedFacts(experiment).classes;
    // A size, say, that the model cannot take.
    const { params, gmacs: weighted, attentionGmacs, estimatedBytes } = orFailure(() => estimate(experiment, classes));
    // The published figures of CMT count the products of attention too.
    const gmacs = weighted + attentionGmacs;
    const summary = `${experiment.model}: ${params.toLocaleString('en')} parameters, ${gmacs.toPrecision(4)} GMAC an image, about ${(estimatedBytes / 2 ** 20).toFixed(0)} MiB to train`;
    return { result: { model: experiment.model, params, gmacs, estimatedBytes }, summary };
  },
});
