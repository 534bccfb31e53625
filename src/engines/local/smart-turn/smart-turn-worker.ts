// The thread Smart Turn runs in: the last seconds of a turn in, the probability that it is over out. One turn at a time: the network
// takes as long for two at once as for two in turn, and the memory of both.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { systemClock } from '../../../lib/clock.ts';
import { memberData, serve, type TaskPort } from '../crew-member.ts';
import { BANDS } from '../mel/log-mel.ts';
import { FRAMES, MelFrontEnd } from './mel.ts';
import type { Heard, SmartTurnWorkerData } from './smart-turn-job.ts';

const { model } = memberData() as SmartTurnWorkerData;
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
const frontEnd = new MelFrontEnd();
const input = { input_features: new Tensor('float32', frontEnd.features, [1, BANDS, FRAMES]) };

// The first run plans memory and takes several times as long as any other; the front end gets fast by being used.
for (let runs = 0; runs < 3; runs++) await hear(new Int16Array(128_000).fill(runs));
serve(hear);

async function hear(audio: Int16Array, port?: TaskPort): Promise<Heard> {
  const startMs = systemClock.now();
  frontEnd.compute(audio);
  if (port?.aborted) return { complete: 0, inferenceMs: 0 };
  const results = await session.run(input);
  // The graph ends in a sigmoid: what it calls logits is the probability.
  const probabilities = results['logits']?.data as Float32Array;
  return { complete: probabilities[0] as number, inferenceMs: systemClock.now() - startMs };
}
