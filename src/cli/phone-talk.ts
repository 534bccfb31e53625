// An answered call from the terminal: its files, its typed keys, its microphone, and how it ends.
import { writeFileSync } from 'node:fs';
import { UsageError } from './arguments.ts';
import type { TypedKeys } from './phone-keys.ts';
import type { PhoneLine } from './phone-line.ts';
import { keysIn, type Step, type TalkPlan } from './phone-options.ts';
import { type DeviceCommand, record } from './talk-devices.ts';
import { TalkFailure } from './talk-failure.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { durationMs } from '../media/pcm.ts';
import type { CallEnd } from '../transports/calls/call.ts';
import type { PhoneCall } from '../transports/calls/phone-call.ts';
import { CALL_RATE_HZ } from '../transports/rtp/call-rate.ts';

export interface TalkParts {
  readonly plan: TalkPlan;
  /** The one that has called waits until it is not greeted any more, and hangs up at the end; the other one says hello, and stays. */
  readonly role: 'caller' | 'callee';
  readonly microphone: DeviceCommand | undefined;
  readonly keys: TypedKeys;
  readonly clock: Clock;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
}

/** The far side opens its ear when it has acknowledged the answer, which takes it a moment: a first word before that would be cut. */
const earMs = 300;

const endings: Readonly<Record<CallEnd, string>> = {
  closed: 'the far side hung up',
  lost: 'the connection was lost',
  crashed: 'what carried its sound has died',
};

/** Talks until one side hangs up. @throws {TalkFailure} where the call breaks off, or the microphone does. */
export async function talkOnPhone(call: PhoneCall, line: PhoneLine, parts: TalkParts): Promise<void> {
  const { plan, keys, clock, signal, tell } = parts;
  const done = new AbortController();
  const tooLong = new AbortController();
  const over = AbortSignal.any([signal, line.over, tooLong.signal]);
  line.begin();
  if (plan.longestMs !== undefined)
    void sleep(clock, plan.longestMs, done.signal).then(() => {
      if (!done.signal.aborted) tooLong.abort();
    });
  const pressed = new Presses(call, over, tell);
  keys.onLine = (typed) => pressed.type(typed);
  try {
    await act(call, line, pressed, over, parts);
  } finally {
    keys.onLine = undefined;
    done.abort();
    call.close();
  }
  const after = `after ${(line.durationMs / 1000).toFixed(1)} s`;
  if (line.end !== undefined) tell(`ended: ${endings[line.end]} ${after}`);
  else if (signal.aborted) tell(`ended: you hung up ${after}`);
  else tell(`ended: hung up ${after}, ${tooLong.signal.aborted ? 'as --seconds says' : 'since there was nothing more to say'}`);
  if (line.end === 'lost' || line.end === 'crashed') throw new TalkFailure(3, 'The call broke off.');
}

async function act(call: PhoneCall, line: PhoneLine, pressed: Presses, over: AbortSignal, parts: TalkParts): Promise<void> {
  const { plan, role, microphone, clock, tell } = parts;
  for (const [index, step] of plan.steps.entries()) {
    if (index > 0) await line.answer(plan.waitMs, over);
    else if (role === 'caller') await line.quiet(over);
    else await sleep(clock, earMs, over);
    if (!over.aborted) await take(step, call, line, pressed, over, tell);
  }
  if (microphone && !over.aborted) {
    tell('talking by microphone');
    for await (const frame of record(microphone, CALL_RATE_HZ, over)) line.speak(call, frame);
  } else if (role === 'callee' || plan.steps.length === 0 || plan.longestMs !== undefined) await fired(over);
  else await line.answer(plan.waitMs, over);
}

async function take(
  step: Step,
  call: PhoneCall,
  line: PhoneLine,
  pressed: Presses,
  over: AbortSignal,
  tell: (text: string) => void,
): Promise<void> {
  if (step.kind === 'digits') {
    await pressed.press(step.digits);
    return;
  }
  tell(`saying ${step.name} (${(durationMs(step.speech) / 1000).toFixed(1)} s)`);
  await line.say(call, step.speech, over);
}

/** Keys that are pressed, in the order they were asked for. */
class Presses {
  readonly #call: PhoneCall;
  readonly #over: AbortSignal;
  readonly #tell: (text: string) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(call: PhoneCall, over: AbortSignal, tell: (text: string) => void) {
    this.#call = call;
    this.#over = over;
    this.#tell = tell;
  }

  type(line: string): void {
    try {
      void this.press(keysIn('keys', line));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#tell(error.message);
    }
  }

  press(digits: string): Promise<void> {
    this.#last = this.#last.then(() => this.#press(digits));
    return this.#last;
  }

  async #press(digits: string): Promise<void> {
    this.#tell(`pressing ${digits}`);
    try {
      await this.#call.sendDigits(digits);
    } catch (error) {
      // Keys that the end of the call cuts off are nothing to complain of.
      if (!this.#over.aborted) this.#tell(`the keys ${digits} were not sent: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Writes what was kept, also of a call that has failed. @throws {TalkFailure} */
export function saveCall(file: string, line: PhoneLine, both: boolean, tell: (text: string) => void): void {
  if (line.heardMs === 0) {
    tell(`nothing was heard; ${file} was not written`);
    return;
  }
  try {
    writeFileSync(file, line.wav(both));
  } catch (error) {
    throw new TalkFailure(2, `${file} cannot be written: ${(error as Error).message}.`);
  }
  tell(`saved ${(line.heardMs / 1000).toFixed(1)} s to ${file}`);
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
