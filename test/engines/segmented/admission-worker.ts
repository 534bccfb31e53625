// A worker of a recogniser that takes as long as the test wants: each task is done when the gate has let it.
import { memberData, serve } from '../../../src/engines/local/crew-member.ts';
import { BEGUN } from '../../../src/engines/local/segmented/decoder.ts';
import { segmentText } from './fake-decoder.ts';

const gate = new Int32Array((memberData() as { gate: SharedArrayBuffer }).gate);

serve(async (_task, port) => {
  port.part(BEGUN);
  while (Atomics.load(gate, 0) === 0 && !port.aborted) await new Promise((resolve) => setImmediate(resolve));
  if (port.aborted) return undefined;
  Atomics.sub(gate, 0, 1);
  return segmentText('Turn left.');
});
