import { useEffect, useRef, useState } from 'react';
import { messageOf } from '../../core/message';
import { connect, type Remote } from '../../platform/calls';
import { workerPeer } from '../../platform/worker-peer';
import type { PreviewCalls, TrainingPreview, TrainingRequest, ValidationPreview, ValidationRequest } from './preview';

/** Asks the preview's worker for one kind of preview. */
type Ask<R, A> = (remote: Remote<PreviewCalls>, request: R) => Promise<A | undefined>;

/** What was made last, or why it could not be. */
type Answer<T> = { made: T; problem?: never } | { problem: string; made?: never };

export interface Preview<T> {
  answer: Answer<T> | undefined;
  /** A newer one is being made. */
  stale: boolean;
}

/** A line to a worker of one's own; it fails in words where the browser refuses workers. */
const openPreview = () =>
  connect<PreviewCalls>(
    workerPeer(
      'The preview',
      () => new Worker(new URL('./preview.worker.ts', import.meta.url), { type: 'module', name: 'preview' }),
    ),
  );

/**
 * Images as the network will see them, made in a worker; keeps showing the last ones while new ones are made. Asks whenever the
 * wish is another object: memoise it. Asks for nothing while there is none.
 */
export function usePreview<R extends { base: string }, A>(
  ask: Ask<R, A>,
  wish: Omit<R, 'base'> | undefined,
): Preview<A> {
  const remote = useRef<Remote<PreviewCalls>>(undefined);
  const [answer, setAnswer] = useState<{ to: typeof wish; answer: Answer<A> }>();
  useEffect(() => {
    const opened = openPreview();
    remote.current = opened;
    return () => opened.close();
  }, []);
  useEffect(() => {
    if (!wish || !remote.current) return;
    let wanted = true;
    const say = (found: Answer<A>) => wanted && setAnswer({ to: wish, answer: found });
    ask(remote.current, { ...wish, base: new URL('.', location.href).href } as R).then(
      (made) => made && say({ made }),
      (error: unknown) => say({ problem: messageOf(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [ask, wish]);
  return { answer: answer?.answer, stale: answer?.to !== wish };
}

export const askTraining: Ask<TrainingRequest, TrainingPreview> = (remote, request) => remote.call('training', request);

export const askValidation: Ask<ValidationRequest, ValidationPreview> = (remote, request) =>
  remote.call('validation', request);
