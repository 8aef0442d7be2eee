/** What the command line asks of its page. Types only: Node and the browser share nothing else. */

import type { Experiment } from '../experiment/schema';
import type { Event, SessionId, StartOptions, TeacherWeights } from '../trainer/protocol';

export type Job =
  | {
      command: 'start';
      options: Pick<StartOptions, 'experiment' | 'data' | 'maxSteps' | 'returnWeights' | 'dataWorkers'>;
      /** Initial weights wait at WEIGHTS_IN. */
      initialWeights: boolean;
      /** Its weights wait beside them. */
      teacher?: Omit<TeacherWeights, 'weights'>;
    }
  | {
      command: 'predict';
      experiment: Experiment;
      data?: StartOptions['data'];
      split: string;
    };

/** Events as they leave the page: weights stay behind as bytes, posted to weightsOut. */
export type PageEvent = Exclude<Event, { type: 'finished' }> | Omit<Extract<Event, { type: 'finished' }>, 'weights'>;

export type { SessionId };

declare global {
  interface Window {
    /** Given by Node. */
    report(event: PageEvent): Promise<void>;
    /** Given by the page: resolves when the job has ended, rejects with a message for a person. */
    runJob(job: Job): Promise<void>;
  }
}
