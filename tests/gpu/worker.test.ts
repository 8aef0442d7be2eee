import { afterEach, describe, expect, it } from 'vitest';
import { type Experiment, experimentWith } from '../../src/experiment/schema';
import type { Command, Event } from '../../src/trainer/protocol';

const workers: Worker[] = [];
afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

/** A worker with its events kept, and a way to wait for one. */
function startWorker() {
  const worker = new Worker(new URL('../../src/trainer/worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const events: Event[] = [];
  const waiting: (() => void)[] = [];
  worker.addEventListener('message', (message: MessageEvent<Event>) => {
    events.push(message.data);
    for (const check of waiting) check();
  });
  return {
    events,
    send: (command: Command) => worker.postMessage(command),
    until: <E extends Event>(is: (event: Event) => event is E) =>
      new Promise<E>((resolve) => {
        const check = () => {
          const found = events.find(is);
          if (found) resolve(found);
        };
        waiting.push(check);
        check();
      }),
  };
}

const tiny = (keys: Record<string, string> = {}): Experiment =>
  experimentWith({
    dataset: 'fashion-mnist',
    'resnet50-vd.depths': '1,1,1,1',
    'resnet50-vd.width': '.125',
    'data.size': '16',
    'data.batch': '8',
    'data.fraction': '.02',
    'data.evalFraction': '.01',
    'padded-crop': 'on',
    flip: 'on',
    'color-jitter': 'on',
    mixup: 'on',
    cutmix: 'on',
    'label-smoothing': 'on',
    'stop.steps': '6',
    ...keys,
  });

const ended =
  (session: string) =>
  (event: Event): event is Extract<Event, { type: 'finished' | 'failed' }> =>
    (event.type === 'finished' || event.type === 'failed') && event.session === session;

const stepsOf = (events: Event[], session: string) =>
  events.flatMap((event) => (event.type === 'updates' && event.session === session ? event.metrics : []));

async function lossesOf(experiment: Experiment, dataWorkers: number): Promise<number[]> {
  const worker = startWorker();
  worker.send({ type: 'start', session: 's', experiment, dataWorkers, maxUpdates: 6 });
  const end = await worker.until(ended('s'));
  expect(end).toMatchObject({ type: 'finished', reason: 'done' });
  return stepsOf(worker.events, 's').map((metrics) => metrics.loss);
}

describe('the training worker', () => {
  it('gives the same losses bit for bit, whatever the number of data workers, and others for another seed', async () => {
    const one = await lossesOf(tiny(), 1);
    expect(one).toHaveLength(6);
    expect(await lossesOf(tiny(), 3)).toEqual(one);
    expect(await lossesOf(tiny({ seed: '1234' }), 1)).not.toEqual(one);
  });

  it('refuses replicas that cannot share the batch equally, in words, and then trains on', async () => {
    const worker = startWorker();
    worker.send({ type: 'start', session: 'odd', experiment: tiny({ replicas: 'on', 'replicas.count': '3' }) });
    expect(await worker.until(ended('odd'))).toMatchObject({
      type: 'failed',
      message: 'A batch of 8 cannot be cut into 3 equal replicas: choose a multiple of 3.',
    });
    expect(stepsOf(worker.events, 'odd')).toEqual([]);
    const even = tiny({ replicas: 'on', 'replicas.count': '4', 'stochastic-depth': 'on', 'stop.steps': '2' });
    worker.send({ type: 'start', session: 'even', experiment: even });
    expect(await worker.until(ended('even'))).toMatchObject({ type: 'finished', reason: 'done' });
  });

  it('pauses inside an epoch, resumes where it was and stops when told', async () => {
    const worker = startWorker();
    const experiment = tiny({ 'stop.steps': '0', 'stop.epochs': '50' });
    worker.send({ type: 'start', session: 'a', experiment, dataWorkers: 1 });
    await worker.until((event): event is Event => event.type === 'updates');
    worker.send({ type: 'pause', session: 'a' });
    await worker.until((event): event is Event => event.type === 'paused');
    const before = stepsOf(worker.events, 'a').length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(stepsOf(worker.events, 'a')).toHaveLength(before);
    worker.send({ type: 'resume', session: 'a' });
    await worker.until((event): event is Event => event.type === 'updates' && (event.metrics[0]?.step ?? 0) > before);
    worker.send({ type: 'stop', session: 'a' });
    expect(await worker.until(ended('a'))).toMatchObject({ type: 'finished', reason: 'stopped' });
    const steps = stepsOf(worker.events, 'a').map((metrics) => metrics.step);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
  });

  it('trains two runs at a time, each as if it were alone', async () => {
    const alone = await lossesOf(tiny(), 1);
    const worker = startWorker();
    worker.send({ type: 'start', session: 'a', experiment: tiny(), dataWorkers: 1 });
    worker.send({ type: 'start', session: 'b', experiment: tiny({ seed: '9' }), dataWorkers: 1 });
    await Promise.all([worker.until(ended('a')), worker.until(ended('b'))]);
    expect(stepsOf(worker.events, 'a').map((metrics) => metrics.loss)).toEqual(alone);
    expect(stepsOf(worker.events, 'b')).toHaveLength(6);
  });

  it('evaluates at the end, and its saved weights give the same predictions again', async () => {
    const worker = startWorker();
    // predict takes the whole split, so the evaluation must.
    const experiment = tiny({ 'data.evalFraction': '1' });
    worker.send({ type: 'start', session: 'a', experiment, dataWorkers: 1, returnWeights: true });
    const end = await worker.until(ended('a'));
    const evaluated = await worker.until(
      (event): event is Extract<Event, { type: 'evaluated' }> => event.type === 'evaluated',
    );
    if (end.type !== 'finished' || !end.weights) throw new Error('no weights came back');
    worker.send({ type: 'predict', session: 'p', experiment, weights: end.weights, split: 'validation' });
    const predicted = await worker.until(
      (event): event is Extract<Event, { type: 'predicted' }> => event.type === 'predicted',
    );
    const right = predicted.logits.filter((row, i) => row.indexOf(Math.max(...row)) === predicted.labels[i]).length;
    expect(right / predicted.labels.length).toBeCloseTo(evaluated.metrics.top1, 6);
    const { predictions } = await worker.until(
      (event): event is Extract<Event, { type: 'predictions' }> => event.type === 'predictions',
    );
    expect(predictions).toMatchObject({ step: 6, split: 'validation', images: predicted.keys.length });
    expect(predictions.keys).toEqual(predicted.keys);
    expect([...predictions.labels]).toEqual(predicted.labels);
    // The same weights on the same adapter, by the same kernels: the same bits.
    expect([...predictions.logits]).toEqual(predicted.logits.flat());
  });

  it('validates the moving average beside the weights, and trains on as if it were not there', async () => {
    // The smallest share of the dataset is a shard: four updates of 256 images an epoch. The average is in the place of the weights
    // after each.
    const keys = {
      'resnet50-vd.width': '.0625',
      'data.fraction': '.001',
      'data.batch': '256',
      'data.evalFraction': '.005',
      'stop.steps': '10',
      'stop.epochs': '9',
    };
    const run = async (more: Record<string, string>) => {
      const worker = startWorker();
      worker.send({ type: 'start', session: 's', experiment: tiny({ ...keys, ...more }), dataWorkers: 1 });
      expect(await worker.until(ended('s'))).toMatchObject({ type: 'finished', reason: 'done' });
      const evaluations = worker.events.flatMap((event) => (event.type === 'evaluated' ? [event.metrics] : []));
      const measured = (averaged?: true) =>
        evaluations
          .filter((metrics) => metrics.averaged === averaged)
          .map(({ step, loss, top1 }) => ({ step, loss, top1 }));
      return {
        losses: stepsOf(worker.events, 's').map(({ loss }) => loss),
        raw: measured(),
        averaged: measured(true),
      };
    };
    const plain = await run({});
    const averaging = await run({ ema: 'on', 'ema.decay': '.9' });
    expect(plain.averaged).toEqual([]);
    expect(plain.raw.map(({ step }) => step)).toEqual([4, 8, 10]);
    expect({ losses: averaging.losses, raw: averaging.raw }).toEqual({ losses: plain.losses, raw: plain.raw });
    expect(averaging.averaged.map(({ step }) => step)).toEqual([4, 8, 10]);
    for (const [i, { loss }] of averaging.averaged.entries()) expect(loss).not.toBe(averaging.raw[i]?.loss);
    // An average that forgets everything is the weights themselves.
    const forgetful = await run({ ema: 'on', 'ema.decay': '0' });
    expect(forgetful.averaged).toEqual(forgetful.raw);
  });

  it('lets a run teach another, of another architecture, and says why one cannot', async () => {
    const worker = startWorker();
    worker.send({ type: 'start', session: 'a', experiment: tiny(), dataWorkers: 1, returnWeights: true });
    const end = await worker.until(ended('a'));
    if (end.type !== 'finished' || !end.weights) throw new Error('no weights came back');
    const { weights } = end;
    const { model, options } = tiny();
    const teacher = { model, options: options[model] ?? {}, weights };
    const student = (keys: Record<string, string> = {}) =>
      tiny({ model: 'resnet50', 'resnet50.depths': '1,1,1,1', 'resnet50.width': '.0625', ...keys });
    const learn = async (session: string, experiment: Experiment, given?: typeof teacher) => {
      worker.send({ type: 'start', session, experiment, dataWorkers: 1, ...(given && { teacher: given }) });
      return worker.until(ended(session));
    };
    // Six updates each; what differs is the teacher.
    expect(await learn('alone', student(), teacher)).toMatchObject({ type: 'finished', reason: 'done' });
    expect(await learn('taught', student({ distillation: 'on' }), teacher)).toMatchObject({ type: 'finished' });
    expect(await learn('again', student({ distillation: 'on' }), teacher)).toMatchObject({ type: 'finished' });
    const losses = (session: string) => stepsOf(worker.events, session).map(({ loss }) => loss);
    const [alone, taught] = [losses('alone'), losses('taught')];
    expect(taught).toHaveLength(6);
    expect(taught[0]).toBeGreaterThan(alone[0] as number);
    expect(losses('again')).toEqual(taught);

    expect(await learn('none', student({ distillation: 'on' }))).toMatchObject({
      type: 'failed',
      message: expect.stringContaining('needs a teacher'),
    });
    const wrong = { ...teacher, options: { ...teacher.options, width: 0.25 } };
    expect(await learn('wrong', student({ distillation: 'on' }), wrong)).toMatchObject({
      type: 'failed',
      message: expect.stringMatching(/teacher can't teach .* 10 classes .*wrong shape/),
    });
  });

  it('says in words why a run cannot start', async () => {
    const worker = startWorker();
    worker.send({
      type: 'start',
      session: 'a',
      experiment: tiny(),
      data: { infoUrl: `${location.origin}/nowhere/_info.json` },
    });
    expect(await worker.until(ended('a'))).toMatchObject({
      type: 'failed',
      message: expect.stringMatching(/_info\.json/),
    });
    worker.send({ type: 'start', session: 'b', experiment: tiny(), initialWeights: new ArrayBuffer(4) });
    expect(await worker.until(ended('b'))).toMatchObject({
      type: 'failed',
      message: expect.stringMatching(/safetensors/i),
    });
  });
});
