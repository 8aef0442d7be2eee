import type { Address } from '../../lab/ports';
import { splitSearch } from '../benchmark/result';

/** The address bar without what it says of a benchmark, which is not the experiment's. */
export const addressBar: Address = {
  read: () => splitSearch(location.search).experiment,
  write(query, how) {
    const address = `${location.pathname}${query ? `?${query}` : ''}${location.hash}`;
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  },
  onReturn: (heard) => window.addEventListener('popstate', heard),
};
