import { useEffect, useRef, useState } from 'react';
import type { Experiment } from '../../experiment/schema';
import type { PreviewAnswer, PreviewRequest } from './protocol';

export interface Preview {
  answer: PreviewAnswer | undefined;
  /** A newer one is being made. */
  stale: boolean;
}

/** The first images of an epoch as the network will see them; keeps showing the last ones while new ones are made. */
export function usePreview(experiment: Experiment, epoch: number, count: number): Preview {
  const worker = useRef<Worker>(undefined);
  const id = useRef(0);
  const [answer, setAnswer] = useState<PreviewAnswer>();
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const made = new Worker(new URL('./preview.worker.ts', import.meta.url), { type: 'module', name: 'preview' });
    made.onmessage = ({ data }: MessageEvent<PreviewAnswer>) => {
      if (data.id === id.current) setAnswer(data);
    };
    made.onerror = (error) =>
      setAnswer({
        id: id.current,
        problem: `The preview stopped: ${error.message || 'its script could not be loaded'}.`,
      });
    worker.current = made;
    return () => made.terminate();
  }, []);
  useEffect(() => {
    const request: PreviewRequest = {
      id: ++id.current,
      experiment,
      epoch,
      count,
      base: new URL('.', location.href).href,
    };
    setAsked(request.id);
    worker.current?.postMessage(request);
  }, [experiment, epoch, count]);
  return { answer, stale: answer?.id !== asked };
}
