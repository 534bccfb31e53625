// Broken and hostile messages: whatever comes, nothing throws, nothing grows, and a call beside it is not disturbed.
// SIP_FUZZ=1000000 runs it for long; SIP_FUZZ_SEED repeats a failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { Framing } from '../../../src/transports/sip/framing.ts';
import { parseMessage } from '../../../src/transports/sip/message.ts';
import { answered, flush, far, offer, own, requestText, responseText, rig } from './rig.ts';

const count = Number(process.env.SIP_FUZZ ?? 5000);
const seed = Number(process.env.SIP_FUZZ_SEED ?? 20_261_129);

/** Mulberry32: small, and the same on every machine. */
function chance(from: number): (below: number) => number {
  let state = from >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const folder = join(import.meta.dirname, '../../../node_modules/sip/test/messages');
const corpus = readdirSync(folder)
  .filter((file) => file.endsWith('.dat'))
  .map((file) => readFileSync(join(folder, file)));

/** What is put in: what parsers stumble over. */
const splinters = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  '"',
  '<',
  '>',
  ';',
  ',',
  ':',
  '%',
  '\\',
  ' ',
  '\t',
  'SIP/2.0',
  ';tag=',
  ';branch=z9hG4bK',
  '99999999999',
  '-1',
  '\r\nl: 5',
  '\r\nVia: SIP/2.0/UDP a;rport',
  '\xff\xfe',
];

function mutated(bytes: Buffer, random: (below: number) => number): Buffer {
  let result = bytes;
  for (let change = 1 + random(4); change > 0; change--) {
    const at = random(result.length + 1);
    const before = result.subarray(0, at);
    const kind = random(5);
    if (kind === 0) result = Buffer.concat([before, Buffer.from([random(256)]), result.subarray(at + 1)]);
    else if (kind === 1) result = Buffer.concat([before, result.subarray(at + random(40))]);
    else if (kind === 2)
      result = Buffer.concat([before, Buffer.from(splinters[random(splinters.length)] as string, 'latin1'), result.subarray(at)]);
    else if (kind === 3) result = Buffer.concat([before, result.subarray(Math.max(0, at - random(60)))]);
    else result = before;
  }
  return result.subarray(0, 65_000);
}

test(`${count} broken messages (seed ${seed})`, { timeout: 3_600_000 }, async () => {
  const random = chance(seed);
  const errors: unknown[] = [];
  // The call beside is not refreshed, as its far end would have to answer that.
  const all = await rig({ sessionExpiresS: 1_000_000_000, strangerMessages: 1_000_000_000, callsPerSecond: 1_000_000, mostCalls: 50 });
  // The log is where a fault of our own would be told.
  Object.assign(all.agent.core, { log: { ...silentLog, error: (fields: { err?: unknown }) => errors.push(fields.err) } });
  const digits: string[] = [];
  const { dialog, to } = await answered(all, { onSession: () => Promise.resolve(offer), onInfoDigit: (digit) => digits.push(digit) });
  const within = ['INVITE', 'BYE', 'INFO', 'UPDATE', 'REFER', 'NOTIFY', 'PRACK', 'ACK', 'CANCEL', 'OPTIONS'];
  const templates = [
    ...corpus,
    ...within.map((method) =>
      Buffer.from(
        requestText({
          method,
          callId: 'other-call',
          body: offer,
          headers: [
            'Replaces: a;to-tag=b;from-tag=c',
            'Refer-To: <sip:a@b?Replaces=x>',
            'RAck: 1 1 INVITE',
            'Event: refer',
            'Session-Expires: 90;refresher=uac',
            'Supported: timer, 100rel',
          ],
        }),
      ),
    ),
    Buffer.from(responseText(all.peer.requests()[0] ?? readRequest(requestText({})), 200, { body: offer })),
  ];
  let digitsSent = 0;
  for (let index = 0; index < count; index++) {
    const bytes = mutated(templates[random(templates.length)] as Buffer, random);
    try {
      const source = random(2) === 0 ? far : { host: '198.51.100.9', port: 5060 };
      all.agent.take(bytes, all.wire.flow(random(4) === 0 ? 'tcp' : 'udp', own, source));
      parseMessage(bytes, 'stream');
      const framing = new Framing(() => 16_384);
      framing.take(bytes.subarray(0, random(bytes.length + 1)));
    } catch (error) {
      throw new Error(`message ${index} of seed ${seed} threw: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
    for (const call of all.calls.splice(0)) {
      if (random(2) === 0) call.reject(486);
      else call.answer(offer, { onSession: () => Promise.resolve(offer) }).catch(() => {});
    }
    if (index % 100 === 0) {
      all.peer.received.length = 0;
      all.wire.carried.length = 0;
      all.peer.send(
        requestText({
          method: 'INFO',
          cseq: 10 + ++digitsSent,
          to,
          headers: ['Content-Type: application/dtmf-relay'],
          body: 'Signal=5\r\n',
        }).replace('Content-Type: application/sdp\r\n', ''),
      );
      await all.pass(40);
      if (all.peer.statuses('INFO').at(-1) !== 200) throw new Error(`the call beside was disturbed by message ${index} or before`);
      // Time goes on, so that what is to be forgotten is.
      all.clock.advance(2000);
      await flush();
    }
  }
  expect(errors).toEqual([]);
  expect(digits).toHaveLength(digitsSent);
  expect(all.agent.core.table.size).toBeLessThan(5000);
  // All that was begun ends by itself; the call beside lives.
  for (let minute = 0; minute < 12; minute++) await all.pass(10_000);
  expect(all.agent.core.table.size).toBeLessThanOrEqual(1);
  expect([...all.agent.core.dialogs.values()]).toContain(dialog);
  dialog.bye();
  expect(await dialog.ended).toEqual({ by: 'us' });
});

function readRequest(text: string) {
  const parsed = parseMessage(Buffer.from(text), 'datagram');
  if (parsed.kind !== 'message' || parsed.message.kind !== 'request') throw new Error('no request');
  return parsed.message;
}
