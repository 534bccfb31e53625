// The command lines of `npm run call` and `npm run phone`: what may be typed, what it means, and the files it names, read before anyone is called.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { describeOptions, parseArguments, UsageError, type OptionTable } from './arguments.ts';
import { fileToWrite, readSpeech, reasonOf } from './wav-file.ts';
import type { Pcm } from '../media/pcm.ts';
import type { CallTarget } from '../transports/sip/agent.ts';
import type { CodecName } from '../transports/sip/media/media-codecs.ts';
import type { ListenOptions, SipTlsOptions } from '../transports/sip/options.ts';
import { parseUri, type SipUri } from '../transports/sip/uri.ts';

const common = {
  say: { kind: 'list', value: 'FILE.wav', help: 'say this; may be given often, each file once the far side has been quiet for a second' },
  digits: { kind: 'list', value: 'KEYS', help: 'press these keys (0-9 * # A-D, w waits half a second), in their turn among the files' },
  save: { kind: 'text', value: 'FILE.wav', help: 'save what was heard (24 kHz)' },
  both: { kind: 'flag', help: 'save in stereo: what was heard on the left, what was said on the right' },
  mic: { kind: 'flag', help: 'talk and listen (arecord and aplay, or SoX; wear headphones)' },
  seconds: { kind: 'number', value: 'N', min: 1, max: 86_400, help: 'hang up after so many seconds' },
  wait: { kind: 'number', value: 'SECONDS', min: 0, max: 600, help: 'how long to wait for a word after each file (default 10)' },
  codec: { kind: 'choice', choices: ['pcmu', 'pcma', 'opus'], help: 'the only codec to offer (default: all of them)' },
} as const satisfies OptionTable;

const callTable = {
  ...common,
  ring: { kind: 'number', value: 'SECONDS', min: 0.1, max: 300, help: 'how long it may ring (default 60)' },
  transport: { kind: 'choice', choices: ['udp', 'tcp', 'tls'], help: 'what carries the signalling (default udp; tls for sips:)' },
  srtp: { kind: 'flag', help: 'encrypt the sound; only over tls are its keys protected, too' },
  insecure: { kind: 'flag', help: 'accept a certificate nobody vouches for' },
  from: { kind: 'text', value: 'ADDRESS', help: 'who calls, such as sip:+15550001@example.com' },
  user: { kind: 'text', value: 'NAME', help: 'name for a server that asks for a password' },
  password: { kind: 'text', value: 'WORD', help: 'its password' },
  help: { kind: 'flag', help: 'show this' },
} as const satisfies OptionTable;

const phoneTable = {
  ...common,
  listen: {
    kind: 'list',
    value: 'PLACE',
    help: 'where to wait, such as tcp:0.0.0.0:5070; may be given often (default udp:127.0.0.1:5070)',
  },
  ring: { kind: 'number', value: 'SECONDS', min: 0, max: 300, help: 'how long it rings before it answers (default 0)' },
  refuse: { kind: 'number', value: 'STATUS', min: 400, max: 699, help: 'answer no call: 486 is busy, 603 declined' },
  once: { kind: 'flag', help: 'end after the first call' },
  cert: { kind: 'text', value: 'FILE.pem', help: 'certificate, to listen at tls:' },
  key: { kind: 'text', value: 'FILE.pem', help: 'its private key' },
  help: { kind: 'flag', help: 'show this' },
} as const satisfies OptionTable;

export const callHelp = `Call a SIP address from the terminal.

  npm run call -- sip:+15550002@127.0.0.1:5060 --say samples/question.wav --save answer.wav
  npm run call -- sip:+15550002@127.0.0.1:5060 --mic

Typed keys and Enter are pressed in the call; Ctrl-C hangs up. Without --mic and --seconds, the call ends after the last --say or --digits; without those,
it lasts until somebody hangs up.

${describeOptions(callTable)}

Exit codes: 0 the call was answered and has ended, 1 it was not answered, 2 wrong usage, 3 it broke off; 130 Ctrl-C before the answer.
`;

export const phoneHelp = `A SIP telephone in the terminal that waits for calls, from this machine and private networks.

  npm run phone -- --say samples/question.wav --save heard.wav

Typed keys and Enter are pressed in the call; Ctrl-C hangs up and ends the phone. A second caller is told that it is busy.

${describeOptions(phoneTable)}

Exit codes: 0 it was ended, 1 it cannot listen, 2 wrong usage.
`;

export type Step =
  | { readonly kind: 'say'; readonly name: string; readonly speech: Pcm }
  | { readonly kind: 'digits'; readonly digits: string };

/** What happens in a call. */
export interface TalkPlan {
  readonly steps: readonly Step[];
  readonly microphone: boolean;
  /** Absolute path. */
  readonly save: string | undefined;
  readonly both: boolean;
  readonly longestMs: number | undefined;
  readonly waitMs: number;
  readonly codecs: readonly CodecName[] | undefined;
}

export interface CallOptions extends TalkPlan {
  readonly uri: string;
  readonly host: string;
  readonly secureSignalling: boolean;
  readonly usesUdp: boolean;
  readonly srtp: boolean;
  readonly insecure: boolean;
  readonly from: string | undefined;
  readonly credentials: CallTarget['credentials'];
  readonly ringMs: number;
}

export interface PhoneOptions extends TalkPlan {
  readonly listen: readonly ListenOptions[];
  readonly tls: SipTlsOptions | undefined;
  readonly ringMs: number;
  readonly refuse: number | undefined;
  readonly once: boolean;
}

const codecNames = { pcmu: 'PCMU', pcma: 'PCMA', opus: 'opus' } as const;

/** Undefined when help was asked for. Relative paths start from `folder`. @throws {UsageError} */
export function readCallOptions(argv: readonly string[], folder: string): CallOptions | undefined {
  const { values, order } = parseArguments(argv, callTable);
  if (values.help) return undefined;
  const [target, ...more] = positionals(order);
  if (target === undefined) throw new UsageError('Whom to call? Give an address such as sip:+15550002@127.0.0.1:5060. --help shows more.');
  if (more.length > 0) throw new UsageError(`One address at a time: '${more[0]}' is one too many.`);
  const uri = sipUri(target, 'what is called');
  const written = uri.parameters.get('transport')?.toLowerCase();
  if (written !== undefined && values.transport !== undefined && written !== values.transport)
    throw new UsageError(`--transport ${values.transport} contradicts ;transport=${written} of the address.`);
  if (uri.scheme === 'sips' && values.transport !== undefined && values.transport !== 'tls')
    throw new UsageError(`--transport ${values.transport} contradicts sips:, which is tls.`);
  if ((values.user === undefined) !== (values.password === undefined))
    throw new UsageError(values.user === undefined ? '--password needs --user.' : '--user needs --password.');
  const transport = uri.scheme === 'sips' ? 'tls' : (written ?? values.transport ?? 'udp');
  const credentials =
    values.user === undefined || values.password === undefined ? undefined : { username: values.user, password: values.password };
  if (values.from !== undefined) sipUri(values.from, '--from');
  return {
    ...plan(values, order, folder),
    uri: written === undefined && uri.scheme === 'sip' && transport !== 'udp' ? withTransport(target, transport) : target,
    host: uri.host,
    secureSignalling: transport === 'tls',
    usesUdp: transport === 'udp',
    srtp: values.srtp,
    insecure: values.insecure,
    from: values.from,
    credentials,
    ringMs: (values.ring ?? 60) * 1000,
  };
}

/** Undefined when help was asked for. Relative paths start from `folder`. @throws {UsageError} */
export function readPhoneOptions(argv: readonly string[], folder: string): PhoneOptions | undefined {
  const { values, order } = parseArguments(argv, phoneTable);
  if (values.help) return undefined;
  const [surplus] = positionals(order);
  if (surplus !== undefined) throw new UsageError(`A phone that waits calls nobody: '${surplus}' is for npm run call.`);
  const listen = (values.listen.length === 0 ? ['udp:127.0.0.1:5070'] : values.listen).map(listenAt);
  if ((values.cert === undefined) !== (values.key === undefined))
    throw new UsageError(values.cert === undefined ? '--key needs --cert.' : '--cert needs --key.');
  if (listen.some(({ transport }) => transport === 'tls') && values.cert === undefined)
    throw new UsageError('--listen tls: needs --cert and --key.');
  if (values.refuse !== undefined && !Number.isInteger(values.refuse)) throw new UsageError('--refuse must be a whole number.');
  return {
    ...plan(values, order, folder),
    listen,
    tls:
      values.cert === undefined || values.key === undefined
        ? undefined
        : { cert: readPem('--cert', folder, values.cert), key: readPem('--key', folder, values.key) },
    ringMs: (values.ring ?? 0) * 1000,
    refuse: values.refuse,
    once: values.once,
  };
}

type Order = readonly { readonly option: string | undefined; readonly value: string }[];

interface CommonValues {
  readonly save: string | undefined;
  readonly both: boolean;
  readonly mic: boolean;
  readonly seconds: number | undefined;
  readonly wait: number | undefined;
  readonly codec: string | undefined;
}

function plan(values: CommonValues, order: Order, folder: string): TalkPlan {
  if (values.both && values.save === undefined) throw new UsageError('--both needs --save.');
  const codec = values.codec as keyof typeof codecNames | undefined;
  return {
    steps: order.flatMap(({ option, value }): Step[] => {
      if (option === 'say') return [{ kind: 'say', name: value, speech: readSpeech(folder, value) }];
      return option === 'digits' ? [{ kind: 'digits', digits: keysIn('--digits', value) }] : [];
    }),
    microphone: values.mic,
    save: values.save === undefined ? undefined : fileToWrite('--save', folder, values.save),
    both: values.both,
    longestMs: values.seconds === undefined ? undefined : values.seconds * 1000,
    waitMs: (values.wait ?? 10) * 1000,
    codecs: codec === undefined ? undefined : [codecNames[codec]],
  };
}

/** The keys of a telephone in a text, as they are pressed. @throws {UsageError} for what is none. */
export function keysIn(name: string, text: string): string {
  const keys = text.replaceAll(/\s/g, '').toUpperCase().replaceAll('W', 'w');
  if (!/^[\dA-D*#w]+$/.test(keys)) throw new UsageError(`${name}: '${text}' is not made of the keys 0-9, *, #, A-D and w.`);
  return keys;
}

function positionals(order: Order): string[] {
  return order.flatMap(({ option, value }) => (option === undefined ? [value] : []));
}

function sipUri(text: string, name: string): SipUri {
  const uri = parseUri(text);
  if (uri?.scheme !== 'sip' && uri?.scheme !== 'sips')
    throw new UsageError(`'${text}' (${name}) is no SIP address; one looks like sip:+15550002@127.0.0.1:5060.`);
  return uri;
}

function withTransport(uri: string, transport: string): string {
  const [before = '', headers] = uri.split('?', 2);
  return `${before};transport=${transport}${headers === undefined ? '' : `?${headers}`}`;
}

function listenAt(text: string): ListenOptions {
  const [, transport = '', bracketed, plain, port] = /^(udp|tcp|tls):(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  if (isIP(host) === 0 || Number(port) > 65_535)
    throw new UsageError(`--listen must be a transport, an address and a port such as udp:127.0.0.1:5070, not '${text}'.`);
  return { transport: transport.toLowerCase() as ListenOptions['transport'], host, port: Number(port) };
}

function readPem(option: string, folder: string, name: string): string {
  try {
    return readFileSync(resolve(folder, name), 'utf8');
  } catch (error) {
    throw new UsageError(`${option}: ${name} cannot be used: ${reasonOf(error)}.`);
  }
}
