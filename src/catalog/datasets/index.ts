/** What can be trained on, in the order of the form: sets that set-up builds, then those that a user brings. */
import type { Dataset } from '../define';
import { emoji } from './emoji';
import { fashionMnist } from './fashion-mnist';
import { wds } from './wds';

export const datasets: readonly Dataset[] = [fashionMnist, emoji, wds];
