// The meters as text for Prometheus.
import { expect, test } from 'vitest';
import { reading } from '../../src/metrics/meters.ts';
import { prometheusMeters } from '../../src/metrics/prometheus.ts';
import { parseMetrics } from '../transports/prometheus-text.ts';

const read = async (meters: ReturnType<typeof prometheusMeters>, ...readings: Parameters<typeof meters.text>[0]) =>
  parseMetrics(await meters.text(readings));

test('what has not happened yet is 0, so that an alarm can be set on it', async () => {
  const samples = await read(prometheusMeters());
  expect(samples).toContainEqual({ name: 'parley_barge_ins_total', labels: {}, value: 0 });
  expect(samples).toContainEqual({ name: 'parley_answer_seconds_count', labels: {}, value: 0 });
});

test('counts add up, each set of labels for itself', async () => {
  const meters = prometheusMeters();
  meters.add('parley_barge_ins_total', 2);
  meters.add('parley_barge_ins_total', 1);
  for (const status of ['completed', 'failed', 'completed']) meters.add('parley_responses_total', 1, { status, reason: 'none' });
  const samples = await read(meters);
  expect(samples).toContainEqual({ name: 'parley_barge_ins_total', labels: {}, value: 3 });
  const responses = samples.filter(({ name }) => name === 'parley_responses_total');
  expect(responses.map(({ labels, value }) => [labels['status'], value])).toEqual([
    ['completed', 2],
    ['failed', 1],
  ]);
});

test('a latency falls into the bucket that it belongs to', async () => {
  const meters = prometheusMeters();
  meters.observe('parley_server_added_seconds', 0.045);
  meters.observe('parley_engine_wait_seconds', 3, { engine: 'flite' });
  const samples = await read(meters);
  const bucket = (le: string) =>
    samples.find(({ name, labels }) => name === 'parley_server_added_seconds_bucket' && labels['le'] === le)?.value;
  expect([bucket('0.03'), bucket('0.05'), bucket('+Inf')]).toEqual([0, 1, 1]);
  expect(samples).toContainEqual({ name: 'parley_engine_wait_seconds_sum', labels: { engine: 'flite' }, value: 3 });
});

test('what is looked up is as it was said last, also where it is a count, and what is gone is gone', async () => {
  const meters = prometheusMeters();
  const engine = (id: string) => reading('parley_engine_losses_total', 4, { engine: id, kind: 'stt' });
  await meters.text([reading('parley_sessions', 7), engine('moonshine')]);
  const samples = await read(meters, reading('parley_sessions', 5), engine('pocketsphinx'));
  expect(samples).toContainEqual({ name: 'parley_sessions', labels: {}, value: 5 });
  expect(samples.filter(({ name }) => name === 'parley_engine_losses_total')).toEqual([
    { name: 'parley_engine_losses_total', labels: { engine: 'pocketsphinx', kind: 'stt' }, value: 4 },
  ]);
});

test('a label that anybody could fill in without end does not fill the memory', async () => {
  const meters = prometheusMeters();
  for (let round = 0; round < 5000; round++) meters.add('parley_responses_total', 1, { status: 'failed', reason: `made up ${round}` });
  meters.add('parley_responses_total', 1, { status: 'failed', reason: 'made up 0' });
  const responses = (await read(meters)).filter(({ name }) => name === 'parley_responses_total');
  expect(responses.length).toBeLessThanOrEqual(101);
  expect(responses.reduce((sum, { value }) => sum + value, 0)).toBe(5001);
  expect(responses.find(({ labels }) => labels['reason'] === 'made up 0')?.value).toBe(2);
  expect(responses.find(({ labels }) => labels['reason'] === 'other')?.value).toBe(4900);
});
