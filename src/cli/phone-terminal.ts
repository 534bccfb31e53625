// What `npm run call` and `npm run phone` share as programs: their surroundings, their devices, and how a failure becomes an exit code.
import type { Readable } from 'node:stream';
import { UsageError } from './arguments.ts';
import { TypedKeys } from './phone-keys.ts';
import type { TalkPlan } from './phone-options.ts';
import type { Surroundings } from './talk.ts';
import { ChildSpeaker, type DeviceCommand, player, recorder } from './talk-devices.ts';
import { Interrupted, TalkFailure } from './talk-failure.ts';
import { plain } from './talk-screen.ts';
import { systemClock } from '../lib/clock.ts';
import { CALL_RATE_HZ } from '../transports/rtp/call-rate.ts';

export interface PhoneSurroundings extends Surroundings {
  /** Where keys are typed. */
  readonly typed: Readable | undefined;
}

/** What a shell expects of a program that Ctrl-C ended. */
const interruptedCode = 130;

export interface PhoneProgram<Options> {
  readonly help: string;
  /** Undefined when help was asked for. @throws {UsageError} */
  read(argv: readonly string[], folder: string): Options | undefined;
  /** @throws {TalkFailure} @throws {UsageError} @throws {Interrupted} where Ctrl-C came before there was a call. */
  run(options: Options, parts: PhoneProgramParts): Promise<void>;
}

export interface PhoneProgramParts extends Pick<Surroundings, 'clock' | 'signal' | 'env'> {
  readonly keys: TypedKeys;
  readonly tell: (text: string) => void;
}

/** Runs a program. @returns its exit code; failures are already told on standard error. */
export async function runPhone<Options>(
  program: PhoneProgram<Options>,
  argv: readonly string[],
  around: PhoneSurroundings,
): Promise<number> {
  const { out, err, folder, clock, signal, env } = around;
  let keys: TypedKeys | undefined;
  try {
    const options = program.read(argv, folder);
    if (!options) {
      out.write(program.help);
      return 0;
    }
    keys = new TypedKeys(around.typed);
    await program.run(options, { keys, clock, signal, env, tell: (text) => out.write(`${plain(text)}\n`) });
    return 0;
  } catch (failure) {
    if (failure instanceof Interrupted) return interruptedCode;
    if (!(failure instanceof TalkFailure || failure instanceof UsageError)) throw failure;
    err.write(`${plain(failure.message)}\n`);
    return failure instanceof TalkFailure ? failure.exitCode : 2;
  } finally {
    keys?.close();
  }
}

export interface PhoneDevices {
  readonly microphone: DeviceCommand | undefined;
  readonly speaker: ChildSpeaker | undefined;
}

/** The programs for microphone and loudspeaker, where the plan wants them. @throws {UsageError} where there is none. */
export function phoneDevices({ microphone }: TalkPlan, { env, tell }: Pick<PhoneProgramParts, 'env' | 'tell'>): PhoneDevices {
  if (!microphone) return { microphone: undefined, speaker: undefined };
  const path = env['PATH'] ?? '';
  const found = recorder(CALL_RATE_HZ, path);
  if (!found) throw new UsageError('--mic needs arecord (alsa-utils) or SoX; neither is installed.');
  const loudspeaker = player(CALL_RATE_HZ, path);
  if (!loudspeaker) tell('no aplay or SoX here: nothing can be heard');
  return { microphone: found, speaker: loudspeaker && new ChildSpeaker(loudspeaker) };
}

/** Runs a program as the process that it is. `script` is its name among npm's. */
export async function runPhoneProcess<Options>(program: PhoneProgram<Options>, script: string): Promise<void> {
  const interrupt = new AbortController();
  // Once: a second Ctrl-C ends the program the hard way.
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const { env } = process;
  process.exitCode = await runPhone(program, process.argv.slice(2), {
    env,
    // npm runs scripts in the project's folder; the paths were typed in this one.
    folder: (env['npm_lifecycle_event'] === script && env['INIT_CWD']) || process.cwd(),
    out: process.stdout,
    err: process.stderr,
    clock: systemClock,
    signal: interrupt.signal,
    typed: process.stdin,
  });
}
