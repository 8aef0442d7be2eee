import type { Address } from '../../lab/ports';
import { splitSearch } from '../benchmark/result';

/** Settings that a forum or a router has moved behind '#'; a place on the page has no '='. */
const hashHolds = () => location.hash.includes('=');

/** The address bar without what it says of a benchmark, which is not the experiment's. */
export const addressBar: Address = {
  base: new URL('.', location.href).href,
  read: () => splitSearch(location.search).experiment + (hashHolds() ? location.hash : ''),
  write(query, how) {
    const address = `${location.pathname}${query ? `?${query}` : ''}${hashHolds() ? '' : location.hash}`;
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  },
  onReturn: (heard) => window.addEventListener('popstate', heard),
};
