/** Words and options that several commands take. */
import type { Assignments, Say } from './declaration';
import { text } from './define-command';
import { readExperiment, settings } from './experiment-source';
import { pathToWrite } from './output';

export const experimentWord = {
  ...text(
    'EXPERIMENT',
    'a JSON file (also one that train or compare wrote), a link or its query string, or preset:NAME',
  ),
  read: (word: string, _name: string, say: Say) => readExperiment(word, say),
} as const;

export const setOption: Assignments = {
  kind: 'assignments',
  placeholder: 'key=value',
  summary: 'settings, one or more, by the keys of links: mixup=on mixup.alpha=.2 data.size=32',
  keys: settings,
};

export const dataOption = text('DIR', 'a folder of WebDataset shards with an _info.json, in place of the dataset');

/** A file that the command writes. */
export const fileToWrite = (placeholder: string, summary: string) =>
  ({ ...text(placeholder, summary), read: pathToWrite }) as const;

export const outOption = fileToWrite('FILE.json', 'writes the result as JSON into a file too');

export const teacherOptions = {
  teacher: text('FILE.safetensors', 'weights to distil from; switches distillation on in train'),
  'teacher-model': text('EXPERIMENT', 'whose model the teacher is, if its file does not say so'),
} as const;
