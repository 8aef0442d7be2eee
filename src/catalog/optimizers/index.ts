import type { Optimizer } from '../define';
import { sgd } from './sgd';

/** Every optimizer has an option `lr`, the base learning rate. */
export const optimizers: readonly Optimizer[] = [sgd];
