// A stand-in for the worker of Smart Turn, without weights: the first sample of a turn says what it does. 1 answers with the second sample
// as a percentage, 2 dies, 3 hangs.
import { serve } from '../../src/engines/local/crew-member.ts';
import type { Heard } from '../../src/engines/local/smart-turn/smart-turn-job.ts';

serve(async ([what = 0, percent = 0]: Int16Array): Promise<Heard> => {
  if (what === 2) process.exit(3);
  if (what === 3) await new Promise(() => {});
  return { complete: percent / 100, inferenceMs: 70.4 };
});
