// Who is decoded first, who gives way, and what happens when a worker dies.
import { expect, test } from 'vitest';
import { EngineError } from '../../../src/engines/engine.ts';
import type { RunOptions } from '../../../src/engines/local/crew.ts';
import { BEGUN, CrewDecoder, type Urgency } from '../../../src/engines/local/segmented/decoder.ts';
import type { SegmentTask, SegmentText } from '../../../src/engines/local/segmented/transcribe.ts';
import { segmentText, settled } from './fake-decoder.ts';

const task: SegmentTask = { samples: new Int16Array(10), hints: { vocabulary: [] }, retry: true, draft: [] };

interface Run {
  readonly options: RunOptions;
  resolve(text: SegmentText): void;
  reject(error: EngineError): void;
}

function rig(size: number) {
  const runs: Run[] = [];
  const workers = {
    health: { state: 'ready' as const, waiting: 0, losses: 0 },
    run: (_: SegmentTask, options: RunOptions) =>
      new Promise<SegmentText | undefined>((resolve, reject) => {
        options.signal.addEventListener('abort', () => resolve(undefined));
        runs.push({ options, resolve, reject });
      }),
  };
  const decoder = new CrewDecoder(workers, size);
  const decode = (urgency: Urgency, onBegin?: () => void, onPutBack?: () => void) =>
    decoder.decode(task, {
      urgency,
      origin: { key: 'key_1', session: 'sess_1' },
      signal: new AbortController().signal,
      ...(onBegin ? { onBegin } : {}),
      ...(onPutBack ? { onPutBack } : {}),
    });
  return { decoder, decode, runs, workers };
}

const crashed = () => new EngineError('moonshine', 'crashed', 'the worker died');

test('finals come before speculative decodes, these before guesses, and the crew knows whose they are', () => {
  const { decode, runs } = rig(4);
  for (const urgency of ['partial', 'speculative', 'final'] as const) void decode(urgency);
  expect(runs.map(({ options }) => options.priority)).toEqual([2, 1, 0]);
  expect(runs.every(({ options }) => options.origin?.key === 'key_1')).toBe(true);
});

test('tells when the turn of a task has come', () => {
  const { decode, runs } = rig(1);
  let begun = 0;
  void decode('final', () => begun++);
  expect(begun).toBe(0);
  runs[0]?.options.onPart?.(BEGUN);
  expect(begun).toBe(1);
});

test('tells when a task made way for others and waits again; one whose worker died is as good as begun with', async () => {
  const { decode, runs } = rig(1);
  let put = 0;
  const putBack = () => put++;
  const text = decode('final', undefined, putBack);
  runs[0]?.options.onPutBack?.();
  expect(put).toBe(1);
  runs[0]?.reject(crashed());
  await settled();
  runs[1]?.resolve(segmentText('Stop.'));
  await text;
  expect(put).toBe(1);
});

test('is busy while every worker has something to do, or something waits', async () => {
  const { decoder, decode, runs, workers } = rig(2);
  void decode('final');
  expect(decoder.busy).toBe(false);
  void decode('final');
  expect(decoder.busy).toBe(true);
  runs[0]?.resolve(segmentText('Stop.'));
  await settled();
  expect(decoder.busy).toBe(false);
  workers.health = { ...workers.health, waiting: 1 };
  expect(decoder.busy).toBe(true);
});

test('the oldest guess gives way when everybody is busy, and only then', async () => {
  const { decode } = rig(2);
  const first = decode('partial');
  void decode('final');
  const second = decode('partial');
  let gone = 0;
  void first.then(() => gone++);
  await settled();
  expect(gone).toBe(0);
  void decode('speculative');
  expect(await first).toBeUndefined();
  void decode('final');
  expect(await second).toBeUndefined();
});

test('asks another worker once when one dies', async () => {
  const { decode, runs } = rig(1);
  const text = decode('final');
  runs[0]?.reject(crashed());
  await settled();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve(segmentText('Stop.'));
  expect((await text)?.text).toBe('Stop.');
});

test('a task whose worker died counts as begun, though nobody said so', async () => {
  const { decode, runs } = rig(1);
  let begun = 0;
  void decode('final', () => begun++);
  runs[0]?.reject(crashed());
  await settled();
  expect(begun).toBe(1);
});

test('fails when the second worker dies as well, and does not repeat what only takes too long', async () => {
  const { decode, runs } = rig(1);
  const text = decode('final');
  runs[0]?.reject(crashed());
  await settled();
  runs[1]?.reject(crashed());
  await expect(text).rejects.toMatchObject({ reason: 'crashed' });
  const slow = decode('final');
  runs[2]?.reject(new EngineError('moonshine', 'timeout', 'too slow'));
  await expect(slow).rejects.toMatchObject({ reason: 'timeout' });
  expect(runs).toHaveLength(3);
});

test('a guess that is lost is not repeated', async () => {
  const { decode, runs } = rig(1);
  const guess = decode('partial');
  runs[0]?.reject(crashed());
  await expect(guess).rejects.toMatchObject({ reason: 'crashed' });
  expect(runs).toHaveLength(1);
});
