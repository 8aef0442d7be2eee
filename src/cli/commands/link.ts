/** `link`: an experiment as a link to the page. */
import { toLink } from '../../experiment/url';
import { defineCommand, required, text } from '../define-command';
import { withKeys } from '../experiment-source';
import { Failure } from '../failure';
import { experimentWord, setOption } from '../shared-options';

/** Where `npm start` serves the page. */
const PAGE = 'http://localhost:5173/';

export const link = defineCommand({
  name: 'link',
  summary: 'the experiment as a link',
  words: { experiment: required(experimentWord) },
  options: { base: text('URL', `the page's address, ${PAGE} if none is given`), set: setOption },
  examples: ['preset:modern --set seed=3', 'run.json --base https://example.org/tricklab/'],
  run({ experiment, base = PAGE, set }) {
    if (!URL.canParse(base)) throw new Failure(`--base takes the page's address, not "${base}".`);
    const url = new URL(base);
    url.search = toLink(withKeys(experiment, set));
    return { result: { link: url.href }, summary: url.href };
  },
});
