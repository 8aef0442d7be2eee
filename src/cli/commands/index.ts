/** Every command, in the order of the help. */
import type { Command } from '../define-command';
import { augment } from './augment';
import { bench } from './bench';
import { compare } from './compare';
import { info } from './info';
import { link } from './link';
import { plan } from './plan';
import { predict } from './predict';
import { schedule } from './schedule';
import { train } from './train';

export const commands: readonly Command[] = [info, schedule, plan, link, train, compare, predict, bench, augment];
