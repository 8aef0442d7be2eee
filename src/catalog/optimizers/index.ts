/** The optimizers, in the order of the form: options and words around the update rules of core/optimizer.ts. */
import type { Optimizer } from '../define';
import { adamw } from './adamw';
import { lars } from './lars';
import { sgd } from './sgd';

/** Every optimizer has an option `lr`, the base learning rate. */
export const optimizers: readonly Optimizer[] = [sgd, adamw, lars];
