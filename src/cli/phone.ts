#!/usr/bin/env node
// `npm run phone`: a SIP telephone in the terminal that waits for calls and answers them, one at a time.
import { realpathSync } from 'node:fs';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openTerminalPhone } from './phone-agent.ts';
import { PhoneLine } from './phone-line.ts';
import { phoneHelp, type PhoneOptions, readPhoneOptions } from './phone-options.ts';
import { saveCall, talkOnPhone } from './phone-talk.ts';
import { phoneDevices, type PhoneDevices, type PhoneProgram, type PhoneProgramParts, runPhoneProcess } from './phone-terminal.ts';
import { TalkFailure } from './talk-failure.ts';
import { sleep } from '../lib/clock.ts';
import type { IncomingPhoneCall } from '../transports/calls/phone-call.ts';

export const phoneProgram: PhoneProgram<PhoneOptions> = { help: phoneHelp, read: readPhoneOptions, run: wait };

const busy = 486;

async function wait(options: PhoneOptions, parts: PhoneProgramParts): Promise<void> {
  const { clock, signal, tell } = parts;
  const devices = phoneDevices(options, parts);
  const ended = Promise.withResolvers<void>();
  let current: Promise<void> | undefined;
  let answered = 0;
  const phone = await openTerminalPhone(
    {
      listen: options.listen,
      tls: options.tls,
      srtp: 'when-offered',
      codecs: options.codecs,
      onIncoming(call) {
        const refused = current ? busy : options.refuse;
        if (refused !== undefined) {
          tell(`refused a call from ${call.from} (${refused})`);
          call.reject(refused);
          return;
        }
        answered++;
        current = take(call, options, devices, answered, parts)
          .catch((error: unknown) => tell(error instanceof Error ? error.message : String(error)))
          .finally(() => {
            current = undefined;
            if (options.once) ended.resolve();
          });
      },
    },
    clock,
  );
  try {
    for (const { transport, host, port } of phone.agent.addresses)
      tell(
        `waiting for calls at sip:phone@${host.includes(':') ? `[${host}]` : host}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`,
      );
    if (signal.aborted) ended.resolve();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    await ended.promise;
    await current;
  } finally {
    devices.speaker?.silence();
    await phone.close();
  }
}

/** One call, from its first ring to its end. */
async function take(
  call: IncomingPhoneCall,
  options: PhoneOptions,
  { microphone, speaker }: PhoneDevices,
  number: number,
  { clock, signal, keys, tell }: PhoneProgramParts,
): Promise<void> {
  tell(`ringing: ${call.from || 'somebody'} calls ${call.to}`);
  call.ring();
  const unwanted = AbortSignal.any([call.gone, signal]);
  await sleep(clock, options.ringMs, unwanted);
  if (call.gone.aborted) {
    tell('the caller gave up');
    return;
  }
  if (signal.aborted) {
    call.reject(busy);
    return;
  }
  const line = new PhoneLine({ clock, speaker, keeps: options.save !== undefined, tell });
  const talking = await call.answer(line).catch((error: unknown) => {
    throw new TalkFailure(3, `The call could not be answered: ${error instanceof Error ? error.message : String(error)}`);
  });
  tell(`answered${call.media === 'srtp' ? ', the sound encrypted' : ''}`);
  try {
    await talkOnPhone(talking, line, { plan: options, role: 'callee', microphone, keys, clock, signal, tell });
  } finally {
    speaker?.silence();
    if (options.save !== undefined) saveCall(numbered(options.save, number), line, options.both, tell);
  }
}

/** Each call has a file of its own: `heard.wav`, `heard-2.wav`. */
function numbered(file: string, number: number): string {
  if (number === 1) return file;
  const end = extname(file);
  return `${file.slice(0, file.length - end.length)}-${number}${end}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await runPhoneProcess(phoneProgram, 'phone');
