#!/usr/bin/env node
// `npm run talk`: a whole conversation with any Realtime server from the terminal, out of WAV files, typed words or a microphone.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './arguments.ts';
import { RealtimeConnection } from './talk-connection.ts';
import { Conversation } from './talk-conversation.ts';
import { ChildSpeaker, player, record, recorder } from './talk-devices.ts';
import { authorizationOf, defaultKey, endpointOf } from './talk-endpoint.ts';
import { Interrupted, TalkFailure } from './talk-failure.ts';
import { helpText, readTalkOptions, type TalkOptions } from './talk-options.ts';
import { Playback } from './talk-playback.ts';
import { Screen, type Output } from './talk-screen.ts';
import { openSession } from './talk-session.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { concat, durationMs } from '../media/pcm.ts';
import { resample } from '../media/resample.ts';
import { writeWav } from '../media/wav.ts';

/** Everything the program touches of its surroundings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths on the command line start here. */
  readonly folder: string;
  readonly out: Output;
  readonly err: Output;
  readonly clock: Clock;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
}

const answerRateHz = 24_000;
const connectTimeoutMs = 10_000;
/** What a shell expects of a program that Ctrl-C ended. */
const interruptedCode = 130;

/** Runs the program. @returns its exit code; failures are already told on standard error. */
export async function talk(argv: readonly string[], around: Surroundings): Promise<number> {
  let options: TalkOptions | undefined;
  try {
    options = readTalkOptions(argv, around.folder);
    if (options) return await converse(options, around);
    around.out.write(helpText);
    return 0;
  } catch (failure) {
    // With a microphone, Ctrl-C is how one hangs up.
    if (failure instanceof Interrupted) return options?.microphone ? 0 : interruptedCode;
    if (!(failure instanceof TalkFailure || failure instanceof UsageError)) throw failure;
    around.err.write(`${failure.message}\n`);
    return failure instanceof TalkFailure ? failure.exitCode : 2;
  }
}

async function converse(options: TalkOptions, around: Surroundings): Promise<number> {
  const { clock, signal, env } = around;
  const endpoint = endpointOf(options.url, options.model);
  const key = options.key ?? defaultKey(endpoint.url, { env, readKeyFile: () => readKeyFile(around) });
  const path = env['PATH'] ?? '';
  const microphone = options.microphone ? recorder(options.rateHz, path) : undefined;
  if (options.microphone && !microphone) throw new UsageError('--mic needs arecord (alsa-utils) or SoX; neither is installed.');

  const screen = new Screen(around.out, around.err, options.mode, env);
  const connection = await RealtimeConnection.connect({
    url: endpoint.url,
    authorization: key === undefined ? undefined : authorizationOf(key, endpoint.dialect),
    insecure: options.insecure,
    clock,
    timeoutMs: connectTimeoutMs,
    signal,
    observe: (from, event, atMs) => screen.event(from, event, atMs),
    remark: (text) => screen.show([{ kind: 'note', text }]),
  });
  let speaker: ChildSpeaker | undefined;
  let conversation: Conversation | undefined;
  let playback: Playback | undefined;
  let rateHz = answerRateHz;
  try {
    const session = await openSession(connection, endpoint.dialect, options);
    rateHz = session.outputRateHz;
    const loudspeaker = options.microphone ? player(rateHz, path) : undefined;
    if (loudspeaker) speaker = new ChildSpeaker(loudspeaker);
    playback = new Playback(clock, rateHz, { speaker, keep: options.out !== undefined });
    conversation = new Conversation({
      connection,
      screen,
      playback,
      clock,
      signal,
      rateHz: options.rateHz,
      manualTurns: options.turnDetection === 'none',
      toolResult: options.toolResult,
      timeoutMs: options.timeoutMs,
    });
    const facts = [session.model, session.voice && `voice ${session.voice}`].filter(Boolean).join(', ');
    screen.show([{ kind: 'note', text: `connected to ${endpoint.url.host}${facts ? ` (${facts})` : ''}` }]);
    for (const turn of options.turns) {
      if (turn.kind === 'text') await conversation.write(turn.text);
      else await conversation.say(turn.name, resample(turn.speech, options.rateHz));
    }
    if (microphone) {
      if (!speaker) screen.complain('No aplay or SoX here: the answers can be read, not heard.');
      screen.show([{ kind: 'note', text: 'listening; Ctrl-C ends' }]);
      await conversation.listen(record(microphone, options.rateHz, signal));
    }
    return 0;
  } finally {
    conversation?.close();
    speaker?.silence();
    await connection.close();
    if (options.out !== undefined && playback) save(options.out, playback, rateHz, screen);
  }
}

/** Also after a failure or Ctrl-C: what was answered until then is worth keeping. */
function save(file: string, playback: Playback, rateHz: number, screen: Screen): void {
  const samples = concat(playback.heard());
  if (samples.length === 0) {
    screen.complain(`There was no sound in the answer; ${file} was not written.`);
    return;
  }
  const answer = resample({ samples, rateHz }, answerRateHz);
  try {
    writeFileSync(file, writeWav(answer));
  } catch (error) {
    throw new TalkFailure(2, `${file} cannot be written: ${(error as Error).message}.`);
  }
  screen.show([{ kind: 'note', text: `saved ${(durationMs(answer) / 1000).toFixed(1)} s of answer to ${file}` }]);
}

/** The key a server on this machine made for itself. */
function readKeyFile({ env, folder }: Surroundings): string | undefined {
  try {
    return readFileSync(join(resolve(folder, env['PARLEY_DATA_DIR'] ?? '.parley'), 'api-key'), 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const interrupt = new AbortController();
  // Once: a second Ctrl-C ends the program the hard way.
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  const { env } = process;
  process.exitCode = await talk(process.argv.slice(2), {
    env,
    // npm runs scripts in the project's folder; the paths were typed in this one.
    folder: (env['npm_lifecycle_event'] === 'talk' && env['INIT_CWD']) || process.cwd(),
    out: process.stdout,
    err: process.stderr,
    clock: systemClock,
    signal: interrupt.signal,
  });
}
