// The attacks of the neighbour's benchmark by their names, and those that are made through sessions. Each does what the server takes, as fast as
// it takes it, with a key that is valid; what is refused is tried again.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { calls, halfOpen, mints, wrongKeys } from './attacks-outside.ts';
import { type Attack, frameOf, inSessions, opened, refused, send, type Siege } from './siege.ts';

/** Out of band, at once, in each session. */
const RESPONSES = 400;
/** Then the next ones are asked for, whatever became of these. */
const responsesMs = 5000;
const textBytes = 250_000;
const soundBytes = 720_000;
const imageBytes = 600_000;
/** A slow server of images gives so much of one, so often. */
const dribble = { bytes: 60_000, ms: 100 } as const;
/** A slow reader asks for something so often, and then reads for a moment. */
const slowMs = 50;
const longText = 'Words without end. '.repeat(3000);

const message = (content: object, id?: string) => ({
  type: 'conversation.item.create',
  item: { ...(id === undefined ? {} : { id }), type: 'message', role: 'user', content: [content] },
});
const answer = frameOf({ type: 'response.create', response: { output_modalities: ['text'] } });

/** Settings and items, small and valid, in turn. */
const events: Attack = async (siege) => {
  const parameters = { type: 'object', properties: { city: { type: 'string' }, day: { type: 'string' } } };
  const tools = Array.from({ length: 16 }, (_, n) => ({
    type: 'function',
    name: `tool_${n}`,
    description: longText.slice(0, 300),
    parameters,
  }));
  const burst = [
    frameOf({ type: 'session.update', session: { type: 'realtime', instructions: longText.slice(0, 8000), tools } }),
    frameOf(message({ type: 'input_text', text: 'Hello.' }, 'item_flood')),
    frameOf({ type: 'conversation.item.retrieve', item_id: 'item_flood' }),
    frameOf({ type: 'conversation.item.delete', item_id: 'item_flood' }),
  ];
  await inSessions(siege, (wire) => send(siege, wire, burst));
};

/** Speech, as fast as the connection takes it. */
const appends: Attack = async (siege) => {
  await inSessions(siege, (wire, number) => send(siege, wire, siege.speech[number % siege.speech.length]?.frames ?? []));
};

const responses: Attack = async (siege) => {
  const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Say something.' }] }];
  const burst = Array.from({ length: RESPONSES }, () => frameOf({ type: 'response.create', response: { conversation: 'none', input } }));
  const left = new Map<number, number>();
  const done = (number: number) => left.set(number, (left.get(number) ?? 0) - 1);
  const work = async (wire: Parameters<typeof send>[1], number: number) => {
    left.set(number, RESPONSES);
    await send(siege, wire, burst);
    const untilMs = systemClock.now() + responsesMs;
    while (!siege.over.aborted && !wire.ended && (left.get(number) ?? 0) > 0 && systemClock.now() < untilMs) await sleep(systemClock, 20);
  };
  await inSessions(siege, work, done);
};

/** Half of the sessions send them, the others give addresses of a slow server; all want them looked at. */
const images: Attack = async (siege) => {
  const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), randomBytes(imageBytes)]);
  const server = createServer((_request, response) => {
    response.on('error', () => {}).writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': png.length });
    const give = (at: number): void => {
      if (at >= png.length || response.destroyed) return void response.end();
      response.write(png.subarray(at, at + dribble.bytes));
      systemClock.after(dribble.ms, () => give(at + dribble.bytes));
    };
    give(0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const whole = frameOf(message({ type: 'input_image', image_url: `data:image/png;base64,${png.toString('base64')}` }));
  let asked = 0;
  await inSessions(siege, async (wire, number) => {
    const address = () => frameOf(message({ type: 'input_image', image_url: `http://127.0.0.1:${port}/${++asked}.png` }));
    await send(siege, wire, [...(number % 2 === 0 ? [whole] : Array.from({ length: 50 }, address)), answer]);
  });
  server.closeAllConnections();
  server.close();
};

/** Large texts and sound, in items that stay in the conversation. */
const items: Attack = async (siege) => {
  const text = frameOf(message({ type: 'input_text', text: longText.repeat(5).slice(0, textBytes) }));
  const sound = frameOf(message({ type: 'input_audio', audio: randomBytes(soundBytes).toString('base64') }));
  await inSessions(siege, (wire) => send(siege, wire, [text, sound]));
};

/** Asks for much, and reads a little of it now and then. */
const slowReads: Attack = async (siege) => {
  const update = frameOf({ type: 'session.update', session: { type: 'realtime', instructions: longText } });
  await inSessions(siege, async (wire) => {
    wire.pause();
    await Promise.race([send(siege, wire, [update, answer]), sleep(systemClock, slowMs)]);
    await sleep(systemClock, slowMs);
    wire.resume();
    await new Promise((resolve) => setImmediate(resolve));
  });
};

/** Opens and keeps as many as there are to be had, and asks for more. */
const sessions: Attack = async (siege) => {
  const kept = [];
  while (!siege.over.aborted) {
    const wire = await opened(siege, () => {});
    if (wire) kept.push(wire);
    else await sleep(systemClock, 20);
  }
  for (const wire of kept) {
    if (wire.ended) refused(siege, `closed ${wire.closeCode ?? 'without a word'}`);
    wire.destroy();
  }
};

export const attacks = {
  events,
  appends,
  responses,
  images,
  items,
  mints,
  calls,
  'slow-reads': slowReads,
  'half-open': halfOpen,
  'wrong-keys': wrongKeys,
  sessions,
} as const satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof attacks;
export const attackNames = Object.keys(attacks) as AttackName[];

/** Together they have as many connections as one alone has. */
export async function attack(siege: Siege, names: readonly AttackName[]): Promise<void> {
  const share = { ...siege, sessions: Math.max(1, Math.floor(siege.sessions / names.length)) };
  await Promise.all(names.map((name) => attacks[name](share)));
}
