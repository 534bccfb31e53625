// The telephone calls that come by SIP: the user agent and its media, as the operator's file has them, and the registrations with providers.
import { readFileSync } from 'node:fs';
import type { Config } from './config.ts';
import type { PhonesParts } from './phone-parts.ts';
import { randomIds, randomInteger, randomToken } from './lib/ids.ts';
import { SetupError } from './lib/own-file.ts';
import type { Dialling } from './telephony/phone-calls.ts';
import type { RoutesFile, Trunk } from './telephony/routes-schema.ts';
import type { IncomingPhoneCall } from './transports/calls/phone-call.ts';
import { diallingBy, following } from './sip-dialling.ts';
import { isKnownByServers, type RegistrationShown, SipRegistrations } from './sip-registrations.ts';
import { openPhoneMedia, type PhoneMedia } from './transports/sip/media/phone-media.ts';
import type { ListenOptions, SipOptions, TrunkOptions } from './transports/sip/options.ts';
import type { TrunkParties } from './transports/sip/parties.ts';
import { incomingPhoneCall, type SipPhoneParts } from './transports/sip/phone-calls.ts';
import type { StrangerCounts } from './transports/sip/gate.ts';
import { openSipAgent } from './transports/sip/user-agent.ts';

export interface PhoneSip {
  readonly media: PhoneMedia;
  /** Where it listens, as `udp:127.0.0.1:5060`. */
  readonly addresses: readonly string[];
  /** How it stands now. */
  state(): SipState;
  /** How a call is placed by that trunk, which is one of the file that leads somewhere. */
  dialling(trunk: string, target: string, from: string): Dialling;
  /** Takes no new call any more, and lets those under way go on. */
  drain(): void;
  close(): Promise<void>;
}

export interface SipState {
  readonly calls: number;
  readonly registrations: readonly RegistrationShown[];
  /** How often each registration has failed. */
  readonly failures: readonly { readonly trunk: string; readonly failures: number }[];
  /** What became of messages of those whom nobody knows. */
  readonly strangers: Readonly<StrangerCounts>;
}

export interface PhoneSipParts extends Pick<PhonesParts, 'clock' | 'log' | 'isReady'> {
  readonly sip: NonNullable<RoutesFile['sip']>;
  readonly calls: Config['calls'];
  readonly tls: Config['tls'];
  readonly onIncoming: (call: IncomingPhoneCall) => void;
}

/** @throws SetupError when an address cannot be listened at, or a trunk cannot be used. */
export async function openPhoneSip(given: PhoneSipParts): Promise<PhoneSip> {
  const { sip, calls, clock, log } = given;
  const publicAddress = sip.public_address ?? calls.publicAddress;
  const media = openPhoneMedia({ ...calls, publicAddress, mostCalls: calls.mostSip }, { clock, log });
  try {
    return await speakSip(given, media, publicAddress);
  } catch (error) {
    await media.close();
    throw error;
  }
}

async function speakSip(
  { sip, tls, calls, clock, log, isReady, onIncoming }: PhoneSipParts,
  media: PhoneMedia,
  publicAddress: string | undefined,
): Promise<PhoneSip> {
  const trunkNamed = (name: string | undefined) => sip.trunks.find((each) => each.name === name);
  const parts: SipPhoneParts = {
    media,
    log,
    how: (secureSignalling) => ({ srtp: sip.srtp, secureSignalling }),
    follow: (referral, from, trunk) => following(agent, clock, trunkNamed(trunk), from, referral),
  };
  const options: SipOptions = {
    listen: sip.listen.map(listenAt),
    ...(publicAddress === undefined ? {} : { publicAddress }),
    ...(sip.domains.length === 0 ? {} : { domains: sip.domains }),
    trunks: sip.trunks.map(trunkOf),
    strangers: sip.strangers,
    tls: {
      ...(tls ? { cert: readFileSync(tls.certPath, 'utf8'), key: readFileSync(tls.keyPath, 'utf8') } : {}),
      ...(sip.tls_ca === undefined ? {} : { ca: authorities(sip.tls_ca) }),
    },
    mostCalls: calls.mostSip,
  };
  const chance = { ids: randomIds, token: randomToken, integer: randomInteger };
  const agent = await openSipAgent(
    options,
    { clock, chance, log },
    { onIncoming: (call) => onIncoming(incomingPhoneCall(call, parts, partiesBy(trunkNamed(call.trunk)))), isReady },
  ).catch((error: unknown) => {
    throw new SetupError(`SIP cannot be spoken: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
  });
  const registrations = new SipRegistrations({ agent, trunks: sip.trunks, clock, log });
  return {
    media,
    addresses: agent.addresses.map(({ transport, host, port }) => `${transport}:${host}:${port}`),
    state: () => ({
      calls: agent.calls,
      registrations: registrations.shown,
      failures: registrations.failures,
      strangers: agent.strangers,
    }),
    dialling: (name, target, from) => diallingBy(agent, trunkNamed(name), { target, from }, { ...parts, clock }),
    drain: () => agent.drain(),
    async close() {
      await agent.close();
      await media.close();
    },
  };
}

function trunkOf(trunk: Trunk): TrunkOptions {
  const { name, addresses, username, password, hashes, tls_names: tlsNames } = trunk;
  const digest = username === undefined || password === undefined ? {} : { digest: { username, password, ...(hashes ? { hashes } : {}) } };
  return {
    name,
    ...(addresses.length > 0 || isKnownByServers(trunk) ? { addresses } : {}),
    ...(tlsNames.length > 0 ? { tlsNames } : {}),
    ...digest,
  };
}

/** @throws SetupError when the file cannot be read. */
function authorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(`sip.tls_ca, ${path}, cannot be read (${code}).`, { cause: error });
  }
}

function partiesBy(trunk: Trunk | undefined): TrunkParties | undefined {
  return trunk && { trustsIdentity: trunk.trust_identity, dialled: trunk.dialled };
}

/** `udp:0.0.0.0:5060`, `tls:[::]:5061`. */
function listenAt(text: string): ListenOptions {
  const [, transport = '', bracketed, plain, port] = /^(udp|tcp|tls):(?:\[([^\]]+)\]|([\d.]+)):(\d+)$/i.exec(text) ?? [];
  return { transport: transport.toLowerCase() as ListenOptions['transport'], host: bracketed ?? plain ?? '', port: Number(port) };
}
