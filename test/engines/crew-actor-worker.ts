// A member of a crew that does as it is told. What it is told to echo comes back with the count of tasks this life has had.
import { EngineError } from '../../src/engines/engine.ts';
import { memberData, serve } from '../../src/engines/local/crew-member.ts';

export type Act =
  | { act: 'echo'; say?: unknown }
  | { act: 'crash' | 'hang' | 'throw' | 'refuse' | 'data' | 'parts' }
  /** Goes on until nobody waits for it; `spin` never lets the event loop turn. */
  | { act: 'work' | 'spin' }
  /** For so many milliseconds, whatever happens. */
  | { act: 'block'; ms: number }
  | { act: 'samples'; samples: Int16Array };

const data = memberData() as { start?: 'throw' | 'hang'; gate?: SharedArrayBuffer } | undefined;
if (data?.start === 'throw') throw new Error('no model');
if (data?.start === 'hang') await new Promise((resolve) => setInterval(resolve, 1e9).ref()).then(() => new Promise(() => {}));
// Dies while it starts as often as the gate says.
if (data?.gate && Atomics.sub(new Int32Array(data.gate), 0, 1) > 0) throw new Error('the gate is shut');

let count = 0;
let left = 'nothing';

serve(
  async (act: Act, port) => {
    count++;
    switch (act.act) {
      case 'echo':
        return { count, said: act.say, left };
      case 'crash':
        return process.exit(3);
      case 'hang':
        return await new Promise(() => {});
      case 'throw':
        throw new TypeError('out of order');
      case 'refuse':
        throw new EngineError('actor', 'rejected', 'no such voice');
      case 'data':
        return memberData();
      case 'parts':
        for (let n = 1; n <= 3; n++) port.part({ n, samples: new Int16Array(n) });
        return 'whole';
      case 'work':
        port.part('begun');
        while (!port.aborted) await new Promise((resolve) => setImmediate(resolve));
        left = 'work';
        return undefined;
      case 'spin':
        port.part('begun');
        while (!port.aborted);
        left = 'spin';
        return undefined;
      case 'block': {
        port.part('begun');
        for (const untilMs = performance.now() + act.ms; performance.now() < untilMs; );
        return 'unblocked';
      }
      case 'samples':
        return act.samples.map((sample) => -sample);
    }
  },
  (result) => (result instanceof Int16Array ? [result.buffer as ArrayBuffer] : []),
);
