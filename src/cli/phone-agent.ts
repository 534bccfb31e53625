// What a telephone in the terminal is made of: this server's own SIP user agent, and one worker for the sound.
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import type { TalkPlan } from './phone-options.ts';
import { TalkFailure } from './talk-failure.ts';
import type { Clock } from '../lib/clock.ts';
import { randomIds, randomInteger, randomToken } from '../lib/ids.ts';
import { silentLog } from '../lib/log.ts';
import type { IncomingPhoneCall } from '../transports/calls/phone-call.ts';
import type { SipAgent } from '../transports/sip/agent.ts';
import type { MediaHow } from '../transports/sip/media/media-how.ts';
import { openPhoneMedia } from '../transports/sip/media/phone-media.ts';
import type { ListenOptions, SipTlsOptions } from '../transports/sip/options.ts';
import { incomingPhoneCall, type SipPhoneParts } from '../transports/sip/phone-calls.ts';
import { openSipAgent } from '../transports/sip/user-agent.ts';

export interface TerminalPhone {
  readonly agent: SipAgent;
  readonly parts: SipPhoneParts;
  close(): Promise<void>;
}

export interface TerminalPhoneOptions extends Pick<TalkPlan, 'codecs'> {
  readonly listen: readonly ListenOptions[];
  readonly tls: SipTlsOptions | undefined;
  readonly srtp: MediaHow['srtp'];
  /** The address of this machine that sound is to be sent to; any that others reach unless told. */
  readonly address?: string | undefined;
  /** Without it, nobody may call. */
  readonly onIncoming?: (call: IncomingPhoneCall) => void;
}

/** Who may call: this machine and private networks. A telephone that anybody on the Internet could ring would be no toy. */
const near = ['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'];
/** The one there is, and one that is told that it is busy. */
const mostCalls = 8;

/** @throws {TalkFailure} where an address cannot be listened at. */
export async function openTerminalPhone(options: TerminalPhoneOptions, clock: Clock): Promise<TerminalPhone> {
  const { listen, tls, codecs, srtp, address, onIncoming } = options;
  const media = openPhoneMedia(
    { workers: 1, mostCalls, portRange: undefined, publicAddress: undefined, interfaces: [] },
    { clock, log: silentLog },
  );
  const parts: SipPhoneParts = {
    media,
    log: silentLog,
    // Whoever tries encrypted sound without TLS has been told what that is worth.
    how: (secureSignalling) => ({
      srtp,
      secureSignalling,
      keysInClear: true,
      ...(codecs === undefined ? {} : { codecs }),
      ...(address === undefined ? {} : { address }),
    }),
  };
  try {
    const agent = await openSipAgent(
      {
        listen,
        trunks: onIncoming ? [{ name: 'near', addresses: near }] : [],
        strangers: 'refuse',
        mostCalls,
        ...(tls === undefined ? {} : { tls }),
      },
      { clock, chance: { ids: randomIds, token: randomToken, integer: randomInteger }, log: silentLog },
      { onIncoming: (call) => onIncoming?.(incomingPhoneCall(call, parts)) },
    );
    return {
      agent,
      parts,
      async close() {
        await agent.close();
        await media.close();
      },
    };
  } catch (error) {
    await media.close();
    throw new TalkFailure(1, `The phone cannot listen: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** The address of this machine that packets to a host leave from; undefined where no name or route leads there. Sends nothing. */
export async function ownAddressTo(host: string): Promise<string | undefined> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    return await new Promise((resolve) => {
      socket.once('error', () => resolve(undefined));
      socket.connect(5060, host, () => resolve(socket.address().address));
    });
  } finally {
    socket.close();
  }
}
