#!/usr/bin/env node
// `npm run call`: calls a SIP address from the terminal, with this server's own telephone inside.
import { realpathSync } from 'node:fs';
import { isIP } from 'node:net';
import { pathToFileURL } from 'node:url';
import { openTerminalPhone, ownAddressTo, type TerminalPhone } from './phone-agent.ts';
import { PhoneLine } from './phone-line.ts';
import { callHelp, type CallOptions, readCallOptions } from './phone-options.ts';
import { saveCall, talkOnPhone } from './phone-talk.ts';
import { phoneDevices, type PhoneProgram, type PhoneProgramParts, runPhoneProcess } from './phone-terminal.ts';
import { Interrupted, TalkFailure } from './talk-failure.ts';
import { sleep } from '../lib/clock.ts';
import { CallError } from '../transports/calls/call.ts';
import { type PhoneCall, PhoneError } from '../transports/calls/phone-call.ts';
import { placePhoneCall } from '../transports/sip/phone-calls.ts';
import { hostPort } from '../transports/sip/uri.ts';

export const callProgram: PhoneProgram<CallOptions> = { help: callHelp, read: readCallOptions, run: call };

/** A call that is taken back is over when the far side says so; one that nobody has ever answered to says nothing. */
const farewellMs = 1000;

async function call(options: CallOptions, parts: PhoneProgramParts): Promise<void> {
  const { clock, signal, tell } = parts;
  const { microphone, speaker } = phoneDevices(options, parts);
  const own = await ownAddressTo(options.host);
  const phone = await openTerminalPhone(
    {
      // Over TCP and TLS the far side answers by the connection that we open.
      listen: options.usesUdp ? [{ transport: 'udp', host: own ?? '0.0.0.0', port: 0 }] : [],
      tls: options.secureSignalling ? { insecure: options.insecure } : undefined,
      srtp: options.srtp ? 'required' : 'off',
      address: own,
      codecs: options.codecs,
    },
    clock,
  );
  const line = new PhoneLine({ clock, speaker, keeps: options.save !== undefined, tell });
  try {
    if (options.srtp && !options.secureSignalling) tell('the keys of --srtp can be read on their way: --transport tls protects them');
    tell(`calling ${options.uri}`);
    const placed = await place(options, phone, line, own, parts);
    tell('answered');
    try {
      await talkOnPhone(placed, line, { plan: options, role: 'caller', microphone, keys: parts.keys, clock, signal, tell });
    } finally {
      if (options.save !== undefined) saveCall(options.save, line, options.both, tell);
    }
  } finally {
    speaker?.silence();
    await phone.close();
  }
}

/** Resolves when the call is answered. @throws {TalkFailure} when it is not. @throws {Interrupted} on Ctrl-C. */
async function place(
  options: CallOptions,
  { agent, parts: carried }: TerminalPhone,
  line: PhoneLine,
  own: string | undefined,
  { clock, signal, tell }: PhoneProgramParts,
): Promise<PhoneCall> {
  const { uri, host, credentials, ringMs } = options;
  const patience = new AbortController();
  const settled = new AbortController();
  void sleep(clock, ringMs, settled.signal).then(() => patience.abort());
  const givenUp = AbortSignal.any([signal, patience.signal]);
  const ownHost = own ?? (isIP(host) === 6 ? '::1' : '127.0.0.1');
  const from =
    options.from ??
    (credentials ? `sip:${credentials.username}@${hostPort(host, undefined)}` : `sip:phone@${hostPort(ownHost, undefined)}`);
  let rings = false;
  const onRinging = () => {
    if (!rings) tell('ringing');
    rings = true;
  };
  try {
    const target = { uri, from, ...(credentials === undefined ? {} : { credentials }) };
    const placing = placePhoneCall(agent, target, line, givenUp, { ...carried, onRinging });
    placing.catch(() => {});
    return await Promise.race([placing, abandoned(givenUp, () => sleep(clock, farewellMs, settled.signal))]);
  } catch (error) {
    if (signal.aborted) {
      tell('ended: taken back before it was answered');
      throw new Interrupted();
    }
    if (patience.signal.aborted) throw new TalkFailure(1, `Nobody answered within ${ringMs / 1000} s.`);
    throw new TalkFailure(1, notAnswered(error));
  } finally {
    settled.abort();
  }
}

/** Rejects a while after the signal. */
async function abandoned(signal: AbortSignal, pause: () => Promise<void>): Promise<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await pause();
  throw new CallError('unavailable', 'The call was taken back.');
}

/** What a final status means to somebody who has dialled (RFC 3261 section 21.4 to 21.6). */
const meanings: Readonly<Record<number, string>> = {
  401: 'The server wants a password: give --user and --password',
  403: 'The far side does not let this caller in',
  404: 'There is nobody of that name or number',
  407: 'The server wants a password: give --user and --password',
  408: 'Nobody answered',
  480: 'Nobody can be reached there just now',
  486: 'The far side is busy',
  488: 'The two sides have no way of sound in common: try --codec or --srtp',
  503: 'No way leads there, or the far side takes no calls just now',
  600: 'The far side is busy',
  603: 'The far side declined the call',
};

function notAnswered(error: unknown): string {
  if (!(error instanceof PhoneError)) return `The call could not be placed: ${error instanceof Error ? error.message : String(error)}`;
  const { status, reason } = error.failure;
  return `${meanings[status] ?? 'The call was refused'} (${status} ${reason}).`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await runPhoneProcess(callProgram, 'call');
