import type { Schedule } from '../define';
import { constant } from './constant';
import { cosine } from './cosine';
import { step } from './step';

export const schedules: readonly Schedule[] = [cosine, step, constant];
