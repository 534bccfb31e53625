// A call of a worker with itself, so that the first caller finds everything compiled: codecs, resamplers, ciphers and descriptions.
import { CALL_RATE_HZ } from '../../rtp/call-rate.ts';
import { createVoice } from './media-codecs.ts';
import type { MediaHow } from './media-how.ts';
import { type CallDuties, RtpCall } from './rtp-call.ts';

const place = { address: '127.0.0.1', portRange: undefined };
const how: MediaHow = { srtp: 'required', secureSignalling: true, codecs: ['PCMU'] };
const TICKS = 25;

/** Resolves when it is over, however it went. `duties` tell nobody. */
export async function talkToOneself(duties: CallDuties): Promise<void> {
  const calls: RtpCall[] = [];
  try {
    const { encoder, decoder } = await createVoice('opus');
    encoder.free();
    decoder.free();
    const caller = await RtpCall.open(0, how, place, duties);
    calls.push(caller);
    const called = await RtpCall.open(0, how, place, duties);
    calls.push(called);
    await caller.ask({ kind: 'accept', answer: await called.answer(caller.offer()) });
    for (let tick = 0; tick < TICKS; tick++) {
      for (const call of calls) {
        call.do({ kind: 'play', call: 0, samples: new Int16Array(CALL_RATE_HZ / 50).fill(tick) });
        call.tick(duties.nowMs(), 0);
      }
      // Their packets come in the meantime.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch {
    // A machine on which this cannot be done is told so by its first call.
  }
  await Promise.all(calls.map((call) => call.close()));
}
