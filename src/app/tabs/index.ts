/** The tabs below the charts, left to right. The first one is shown where the preferences name none of them. */
import type { TabDeclaration } from './define-tab';
import { look } from './look';
import { performance } from './performance';
import { reference } from './reference';
import { runs } from './runs';

export const tabs: readonly [TabDeclaration, ...TabDeclaration[]] = [runs, look, performance, reference];
