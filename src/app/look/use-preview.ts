import { useEffect, useRef, useState } from 'react';
import type {
  PreviewAnswer,
  PreviewRequest,
  TrainingPreview,
  TrainingRequest,
  ValidationPreview,
  ValidationRequest,
} from './protocol';

export interface Preview<A> {
  answer: A | undefined;
  /** A newer one is being made. */
  stale: boolean;
}

/** What a request asks, without what the hook adds. */
type Wish<R extends PreviewRequest> = Omit<R, 'id' | 'base'>;

/**
 * Images as the network will see them, made in a worker; keeps showing the last ones while new ones are made. Asks whenever the
 * wish is another object: memoise it. Asks for nothing while there is none.
 */
export function usePreview(wish: Wish<TrainingRequest> | undefined): Preview<TrainingPreview>;
export function usePreview(wish: Wish<ValidationRequest> | undefined): Preview<ValidationPreview>;
export function usePreview(
  wish: Wish<TrainingRequest> | Wish<ValidationRequest> | undefined,
): Preview<TrainingPreview | ValidationPreview> {
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
    if (!wish) return;
    const request = { ...wish, id: ++id.current, base: new URL('.', location.href).href } as PreviewRequest;
    setAsked(request.id);
    worker.current?.postMessage(request);
  }, [wish]);
  return { answer, stale: answer?.id !== asked };
}
