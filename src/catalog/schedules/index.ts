/** The schedules, in the order of the form: the learning rate as a function of the update. */
import type { Schedule } from '../define';
import { constant } from './constant';
import { cosine } from './cosine';
import { cosineRestarts } from './cosine-restarts';
import { multistep } from './multistep';
import { step } from './step';

export const schedules: readonly Schedule[] = [cosine, cosineRestarts, step, multistep, constant];
