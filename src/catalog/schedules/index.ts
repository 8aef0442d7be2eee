import type { Schedule } from '../define';
import { constant } from './constant';
import { cosine } from './cosine';
import { cosineRestarts } from './cosine-restarts';
import { multistep } from './multistep';
import { step } from './step';

export const schedules: readonly Schedule[] = [cosine, cosineRestarts, step, multistep, constant];
