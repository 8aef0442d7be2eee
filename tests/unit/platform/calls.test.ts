import { expect, it } from 'vitest';
import { messageOf } from '../../../src/core/message';
import { type Channel, connect, type Peer, serve } from '../../../src/platform/calls';

type Calls = {
  sum(numbers: number[], progress?: (done: number, all: number) => void): Promise<number>;
  fail(): Promise<void>;
  never(): Promise<void>;
};

const calls: Calls = {
  async sum(numbers, progress) {
    for (const [i] of numbers.entries()) progress?.(i + 1, numbers.length);
    return numbers.reduce((sum, value) => sum + value, 0);
  },
  fail: () => Promise.reject(new DOMException('', 'AbortError')),
  never: () => new Promise(() => undefined),
};

/** Both ends of a line, cloning as a worker's does. */
function line() {
  let [near, far] = [(_: unknown) => {}, (_: unknown) => {}];
  let broken = (_: string) => {};
  const channel: Channel = {
    post: (message) => queueMicrotask(() => near(structuredClone(message))),
    listen: (heard) => {
      far = heard;
    },
  };
  const peer: Peer = {
    post: (message) => queueMicrotask(() => far(structuredClone(message))),
    listen: (heard) => {
      near = heard;
    },
    onFailure: (heard) => {
      broken = heard;
    },
    close: () => undefined,
  };
  serve(calls, channel);
  return { remote: connect<Calls>(peer), break: (message: string) => broken(message) };
}

it('answers calls, several at a time, and calls functions among the arguments back in order', async () => {
  const { remote } = line();
  const heard: string[] = [];
  const sums = await Promise.all([
    remote.call('sum', [1, 2, 3], (done, all) => heard.push(`${done}/${all}`)),
    remote.call('sum', [10]),
  ]);
  expect(sums).toEqual([6, 10]);
  expect(heard).toEqual(['1/3', '2/3', '3/3']);
});

it('rejects with the reason over there, which is never empty', async () => {
  await expect(line().remote.call('fail')).rejects.toThrow('AbortError');
});

it('rejects what is under way, and what is asked later, with the reason of a worker that broke', async () => {
  const { remote, break: broken } = line();
  const waiting = remote.call('never');
  broken('The preview stopped: its script could not be loaded.');
  await expect(waiting).rejects.toThrow('its script could not be loaded');
  await expect(remote.call('sum', [1])).rejects.toThrow('its script could not be loaded');
});

it.each([
  [new Error('full'), 'full'],
  [new RangeError(''), 'RangeError'],
  [new DOMException('', 'QuotaExceededError'), 'QuotaExceededError'],
  ['a text', 'a text'],
  [undefined, 'undefined'],
  ['', 'no reason was given'],
  [{}, 'no reason was given'],
  [Object.create(null), 'no reason was given'],
])('a thrown %o says something', (thrown, said) => {
  expect(messageOf(thrown)).toBe(said);
});
