import { useEffect, useState } from 'react';
import { type Judged, judge } from '../../runs/predictions';
import type { Run } from '../../runs/run';
import { useLabItself } from '../use-lab';

/** A run's predictions, worked out; undefined while they are read, 'none' where none are kept. */
export function useJudged(run: Run | undefined): Judged | 'none' | undefined {
  const [found, setFound] = useState<{ of: string; judged: Judged | 'none' }>();
  const { predictionsOf } = useLabItself();
  const id = run?.id;
  const at = run?.predictedAt;
  const of = `${id} ${at}`;
  useEffect(() => {
    if (id === undefined || at === undefined) return;
    let wanted = true;
    predictionsOf(id).then(
      (predictions) => {
        if (wanted) setFound({ of: `${id} ${at}`, judged: predictions ? judge(predictions) : 'none' });
      },
      () => {
        if (wanted) setFound({ of: `${id} ${at}`, judged: 'none' });
      },
    );
    return () => {
      wanted = false;
    };
  }, [id, at, predictionsOf]);
  // While a run goes on, its last validation stays until the next is read.
  return found && (found.of === of || found.of.startsWith(`${id} `)) ? found.judged : undefined;
}
