/** What the command line asks of its page. Types only: Node and the browser share nothing else. */

import type { Experiment } from '../experiment/schema';
import type { Event, StartOptions, TeacherWeights } from '../trainer/protocol';

export type Job =
  | {
      command: 'start';
      options: Pick<StartOptions, 'experiment' | 'maxUpdates' | 'returnWeights' | 'dataWorkers'>;
      /** Its weights wait among the job's files. */
      teacher?: Omit<TeacherWeights, 'weights'>;
    }
  | {
      command: 'predict';
      experiment: Experiment;
      split: string;
    };

/** Where the page finds the job's files: a path of its server, and which there are. */
export interface FilesAt {
  path: string;
  data: boolean;
  weights: boolean;
}

/** Events as they leave the page: weights stay behind as bytes, posted among the files. */
export type PageEvent = Exclude<Event, { type: 'finished' }> | Omit<Extract<Event, { type: 'finished' }>, 'weights'>;

declare global {
  interface Window {
    /** Given by Node. */
    report(event: PageEvent): Promise<void>;
    /** Given by the page: resolves when the job has ended, rejects with a message for a person. */
    runJob(job: Job, files: FilesAt): Promise<void>;
  }
}
