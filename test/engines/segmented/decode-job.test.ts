// One segment on its way through the decoder, which may be wanted sooner than it was thought, at whatever moment.
import { expect, test } from 'vitest';
import { DecodeJob } from '../../../src/engines/local/segmented/decode-job.ts';
import type { Urgency } from '../../../src/engines/local/segmented/decoder.ts';
import type { SegmentTask } from '../../../src/engines/local/segmented/transcribe.ts';
import { FakeDecoder, settled } from './fake-decoder.ts';

const task: SegmentTask = { samples: new Int16Array(10), hints: { vocabulary: [] }, retry: true, draft: [] };

function order(urgency: Urgency) {
  const decoder = new FakeDecoder();
  return {
    decoder,
    job: new DecodeJob(decoder, task, urgency, undefined, () => {}),
    urgencies: () => decoder.orders.map(({ options }) => options.urgency),
  };
}

test('what waits and is hurried queues again among the finals', async () => {
  const { decoder, job, urgencies } = order('speculative');
  job.hurry();
  await settled();
  expect(urgencies()).toEqual(['final']);
  await decoder.only.answer('Stop.');
  expect((await job.result)?.text).toBe('Stop.');
});

test('what has begun and is hurried keeps its turn', async () => {
  const { decoder, job, urgencies } = order('speculative');
  decoder.only.begin();
  job.hurry();
  await settled();
  expect(urgencies()).toEqual(['speculative']);
  await decoder.only.answer('Stop.');
  expect((await job.result)?.text).toBe('Stop.');
});

test.each(['before', 'after'])('what is broken off and hurried, %s, queues again among the finals', async (when) => {
  const { decoder, job, urgencies } = order('speculative');
  decoder.only.begin();
  if (when === 'before') job.hurry();
  decoder.only.putBack();
  if (when === 'after') job.hurry();
  await settled();
  expect(urgencies()).toEqual(['final']);
  await decoder.only.answer('Stop.');
  expect((await job.result)?.text).toBe('Stop.');
});

test('what is broken off and not hurried waits where the decoder has put it', async () => {
  const { decoder, job, urgencies } = order('speculative');
  decoder.only.begin();
  decoder.only.putBack();
  await settled();
  expect(urgencies()).toEqual(['speculative']);
  job.abort();
  expect(await job.result).toBeUndefined();
  expect(urgencies()).toEqual([]);
});
