/** A training worker made of nothing, for tests of the page alone: it trains at once, and fails when it is told to. */
import type { Page } from '@playwright/test';
import type { Command, Event } from '../../src/trainer/protocol';

declare global {
  interface Window {
    /** What the newest stub may do: it takes every command, or none ever again. */
    stub: { silent: boolean; started: number; say(event: Event): void; session: string };
  }
}

/** Takes the place of the training worker in every page opened later. Other workers are real. */
export const stubTrainer = (page: Page) =>
  page.addInitScript(() => {
    const RealWorker = window.Worker;
    class StubWorker extends EventTarget {
      private timer: ReturnType<typeof setInterval> | undefined;
      private step = 0;
      private readonly state = { silent: false, started: 0, session: '', say: (event: Event) => this.say(event) };

      constructor() {
        super();
        window.stub = this.state;
      }

      say(event: Event): void {
        if (!this.state.silent) this.dispatchEvent(new MessageEvent('message', { data: event }));
      }

      postMessage(command: Command): void {
        setTimeout(() => this.obey(command), 5);
      }

      terminate(): void {
        clearInterval(this.timer);
        this.state.silent = true;
      }

      private obey(command: Command): void {
        switch (command.type) {
          case 'hello':
            this.say({
              type: 'ready',
              adapter: {
                backend: 'webgpu',
                vendor: 'stub',
                architecture: 'stub',
                description: 'Stub',
                software: false,
                features: [],
                fallbackReason: '',
              },
            });
            break;
          case 'probe':
            this.say({ type: 'probed', flops: 1e12 });
            break;
          case 'start':
            this.start(command.session);
            break;
          case 'stop':
            clearInterval(this.timer);
            this.finish(command.session, 'stopped');
            break;
        }
      }

      private start(session: string): void {
        this.state.session = session;
        this.state.started++;
        this.step = 0;
        this.say({
          type: 'started',
          session,
          parameters: 100,
          updatesPerEpoch: 100,
          totalUpdates: 100_000,
          classes: [],
        });
        this.timer = setInterval(() => {
          this.step++;
          const metrics = {
            step: this.step,
            epoch: this.step / 100,
            loss: 2,
            top1: 0.5,
            top5: 0.9,
            lr: 0.1,
            timeMs: this.step * 50,
            imagesPerSecond: 160,
            dataWaitMs: 1,
            images: this.step * 8,
          };
          this.say({ type: 'updates', session, metrics: [metrics] });
        }, 50);
      }

      private finish(session: string, reason: 'done' | 'stopped'): void {
        this.say({ type: 'finished', session, reason, timing: { firstStepMs: 1, medianStepMs: 1, totalMs: 1 } });
      }
    }
    window.Worker = new Proxy(RealWorker, {
      construct: (real, [url, options]: [string | URL, WorkerOptions | undefined]) =>
        options?.name === 'trainer' ? new StubWorker() : new real(url, options),
    });
  });

/** From now on the stub answers nothing, like a worker that was killed. */
export const silence = (page: Page) =>
  page.evaluate(() => {
    window.stub.silent = true;
  });

/** The stub's run ends as if all was done. */
export const finishRun = (page: Page) =>
  page.evaluate(() => {
    const { session } = window.stub;
    window.stub.say({
      type: 'finished',
      session,
      reason: 'done',
      timing: { firstStepMs: 1, medianStepMs: 1, totalMs: 1 },
    });
    window.stub.silent = true;
  });
