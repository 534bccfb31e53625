// The telephone calls that come by SIP: the user agent and its media, as the operator's file has them, and the registrations with providers.
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Config } from './config.ts';
import type { PhonesParts } from './phone-parts.ts';
import { randomIds, randomInteger, randomToken } from './lib/ids.ts';
import { SetupError } from './lib/own-file.ts';
import type { Dialling } from './telephony/phone-calls.ts';
import type { RoutesFile, Trunk } from './telephony/routes-schema.ts';
import { type IncomingPhoneCall, PhoneError } from './transports/calls/phone-call.ts';
import type { RegistrationState, SipAgent } from './transports/sip/agent.ts';
import { openPhoneMedia, type PhoneMedia, phoneSpeaker } from './transports/sip/media/phone-media.ts';
import type { ListenOptions, SipOptions, TrunkOptions } from './transports/sip/options.ts';
import { incomingPhoneCall, placePhoneCall, type SipPhoneParts, sipParty, targetUri } from './transports/sip/phone-calls.ts';
import { openSipAgent } from './transports/sip/user-agent.ts';

export interface PhoneSip {
  readonly media: PhoneMedia;
  /** Where it listens, as `udp:127.0.0.1:5060`. */
  readonly addresses: readonly string[];
  /** How a call is placed by that trunk, which is one of the file that leads somewhere. */
  dialling(trunk: string, target: string, from: string): Dialling;
  close(): Promise<void>;
}

export interface PhoneSipParts extends Pick<PhonesParts, 'clock' | 'log'> {
  readonly sip: NonNullable<RoutesFile['sip']>;
  readonly calls: Config['calls'];
  readonly tls: Config['tls'];
  readonly onIncoming: (call: IncomingPhoneCall) => void;
}

/** A call that is placed may ring for so long. */
const ringMs = 60_000;

/** @throws SetupError when an address cannot be listened at, or a trunk cannot be used. */
export async function openPhoneSip({ sip, calls, tls, clock, log, onIncoming }: PhoneSipParts): Promise<PhoneSip> {
  const publicAddress = sip.public_address ?? calls.publicAddress;
  const media = openPhoneMedia({ ...calls, publicAddress, mostCalls: calls.mostSip }, { clock, log });
  try {
    return await speakSip({ sip, tls, calls, clock, log, onIncoming }, media, publicAddress);
  } catch (error) {
    await media.close();
    throw error;
  }
}

async function speakSip(
  { sip, tls, calls, clock, log, onIncoming }: PhoneSipParts,
  media: PhoneMedia,
  publicAddress: string | undefined,
): Promise<PhoneSip> {
  const parts: SipPhoneParts = { media, log, how: (secureSignalling) => ({ srtp: sip.srtp, secureSignalling }) };
  const options: SipOptions = {
    listen: sip.listen.map(listenAt),
    ...(publicAddress === undefined ? {} : { publicAddress }),
    ...(sip.domains.length === 0 ? {} : { domains: sip.domains }),
    trunks: await Promise.all(sip.trunks.map(trunkOf)),
    strangers: sip.strangers,
    ...(tls ? { tls: { cert: readFileSync(tls.certPath, 'utf8'), key: readFileSync(tls.keyPath, 'utf8') } } : {}),
    mostCalls: calls.mostSip,
  };
  const chance = { ids: randomIds, token: randomToken, integer: randomInteger };
  const agent = await openSipAgent(
    options,
    { clock, chance, log },
    { onIncoming: (call) => onIncoming(incomingPhoneCall(call, parts)) },
  ).catch((error: unknown) => {
    throw new SetupError(`SIP cannot be spoken: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
  });
  for (const trunk of sip.trunks) register(agent, trunk, (fields, text) => log.info({ trunk: trunk.name, ...fields }, text));
  return {
    media,
    addresses: agent.addresses.map(({ transport, host, port }) => `${transport}:${host}:${port}`),
    dialling: (name, target, from) => diallingBy(agent, trunkNamed(sip.trunks, name), target, from, { ...parts, clock }),
    async close() {
      await agent.close();
      await media.close();
    },
  };
}

function diallingBy(
  agent: SipAgent,
  trunk: Trunk,
  target: string,
  from: string,
  parts: SipPhoneParts & Pick<PhonesParts, 'clock'>,
): Dialling {
  const proxy = trunk.proxy ?? trunk.register?.server;
  // The file is not read with such a trunk.
  if (proxy === undefined) throw new PhoneError({ status: 503, reason: `The trunk ${trunk.name} leads nowhere.` });
  const credentials = trunk.register ?? trunk;
  const { username, password } = credentials;
  const call = {
    uri: targetUri(target, proxy),
    from: /^sips?:/i.test(from) ? from : targetUri(`tel:${from}`, proxy),
    proxy: /^sips?:/i.test(proxy) ? proxy : `sip:${proxy}`,
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
  };
  return {
    party: sipParty(from, target.replace(/^tel:/, ''), trunk.name),
    speaker: phoneSpeaker,
    async dial(events, givenUp) {
      const tooLong = new AbortController();
      const ringing = parts.clock.after(ringMs, () => tooLong.abort());
      try {
        return await placePhoneCall(agent, call, events, AbortSignal.any([givenUp, tooLong.signal]), parts);
      } catch (error) {
        if (tooLong.signal.aborted && !givenUp.aborted) throw new PhoneError({ status: 408, reason: 'Nobody answered the call.' });
        throw error;
      } finally {
        ringing.cancel();
      }
    },
  };
}

function register(agent: SipAgent, trunk: Trunk, tell: (fields: object, text: string) => void): void {
  if (!trunk.register) return;
  const { server, username, password } = trunk.register;
  const host = server.replace(/^sips?:/i, '').replace(/[;?].*$/s, '');
  const onState = (state: RegistrationState) => tell({ ...state }, `SIP registration: ${state.kind}`);
  agent.register(
    {
      address: `sip:${username}@${host}`,
      servers: [/^sips?:/i.test(server) ? server : `sip:${server}`],
      credentials: { username, password },
    },
    onState,
  );
}

/** Calls of a provider that one is registered with come from its servers, where nothing else is said. */
async function trunkOf({ name, addresses, username, password, register: registration }: Trunk): Promise<TrunkOptions> {
  const digest = username === undefined || password === undefined ? {} : { digest: { username, password } };
  const own = addresses.length > 0 || password !== undefined || !registration ? addresses : await addressesOf(registration.server);
  return { name, ...(own.length === 0 ? {} : { addresses: own }), ...digest };
}

async function addressesOf(server: string): Promise<string[]> {
  const host = server
    .replace(/^sips?:/i, '')
    .replace(/[;?].*$/s, '')
    .replace(/:\d+$/, '');
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(`The SIP server ${host} cannot be found (${code}): name the addresses that its calls come from.`, {
      cause: error,
    });
  }
}

function trunkNamed(trunks: readonly Trunk[], name: string): Trunk {
  const trunk = trunks.find((each) => each.name === name);
  if (!trunk) throw new PhoneError({ status: 503, reason: `There is no trunk '${name}'.` });
  return trunk;
}

/** `udp:0.0.0.0:5060`, `tls:[::]:5061`. */
function listenAt(text: string): ListenOptions {
  const [, transport = '', bracketed, plain, port] = /^(udp|tcp|tls):(?:\[([^\]]+)\]|([\d.]+)):(\d+)$/i.exec(text) ?? [];
  return { transport: transport.toLowerCase() as ListenOptions['transport'], host: bracketed ?? plain ?? '', port: Number(port) };
}
