import type { Dataset } from '../define';
import { emoji } from './emoji';
import { fashionMnist } from './fashion-mnist';
import { wds } from './wds';

export const datasets: readonly Dataset[] = [fashionMnist, emoji, wds];
