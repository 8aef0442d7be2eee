/** `--teacher`: the weights of a trained network, and what it is. */
import { basename } from 'node:path';
import { type Experiment, switchTrick } from '../experiment/schema';
import type { NetworkDescription } from '../experiment/weights-fit';
import { readExperiment } from './experiment-source';
import { Failure } from './failure';
import { readWeights } from './weights';

export interface GivenTeacher {
  network: Pick<NetworkDescription, 'model' | 'options'>;
  weights: Uint8Array<ArrayBuffer>;
}

/** An experiment and, if it has distillation on, its teacher. */
export interface Taught {
  experiment: Experiment;
  teacher?: GivenTeacher;
}

export interface TeacherWords {
  teacher: string | undefined;
  'teacher-model': string | undefined;
}

/**
 * The experiment with distillation on and the file's name as its teacher, and the teacher. What its model is says the file, else
 * the experiment that --teacher-model means, else the run's own. Throws a Failure if one is missing or the weights do not fit.
 */
export function withTeacher(
  experiment: Experiment,
  { teacher: path, 'teacher-model': word }: TeacherWords,
  say: (line: string) => void,
): Taught {
  if (path === undefined) {
    if (word !== undefined)
      throw new Failure('--teacher-model says what --teacher FILE.safetensors holds; there is none.');
    if (experiment.on.distillation) throw new Failure('Distillation needs a teacher: --teacher FILE.safetensors.');
    return { experiment };
  }
  const { model, options } = word === undefined ? experiment : readExperiment(word, say);
  const data = experiment.options.data ?? {};
  const { network, bytes } = readWeights(path, { ...experiment, model, options: { ...options, data } }, say);
  const on = switchTrick(experiment, 'distillation', true);
  const distillation = { ...on.options.distillation, teacher: basename(path).slice(0, 100) };
  return {
    experiment: { ...on, options: { ...on.options, distillation } },
    teacher: { network: { model: network.model, options: network.options }, weights: bytes },
  };
}
