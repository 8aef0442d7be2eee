/** Data that an experiment asks of another site: a link may name any, so nothing is read there before a press that says where. */
import { datasetOf } from '../catalog/parts';
import type { Experiment } from '../experiment/schema';

export interface ForeignData {
  /** Of the dataset's index: what a press allows. */
  address: string;
  /** Whose it is, for a person. */
  host: string;
}

/** Where an experiment's data lies if that is another site than the page's; undefined for the page's own and for no address. */
export function foreignData({ dataset, options }: Experiment, base: string): ForeignData | undefined {
  try {
    const { href, host, origin, protocol } = new URL(datasetOf(dataset).infoUrl(options[dataset] ?? {}), base);
    const asksNetwork = protocol === 'http:' || protocol === 'https:';
    return asksNetwork && origin !== new URL(base).origin ? { address: href, host } : undefined;
  } catch {
    // No address, or none that can be asked: the reader says so.
    return undefined;
  }
}

/** Data of another site that nobody has allowed to be read since the page was opened. */
export function unreadForeignData(
  experiment: Experiment,
  { base, mayRead }: { base: string; mayRead: readonly string[] },
): ForeignData | undefined {
  const foreign = foreignData(experiment, base);
  return foreign && !mayRead.includes(foreign.address) ? foreign : undefined;
}
