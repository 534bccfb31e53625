// A user agent on a wire that is none, with a far end that a test writes and reads message by message.
import { ManualClock } from '../../../src/lib/clock.ts';
import { countingIds } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { DialogEvents, IncomingCall, SipDialog } from '../../../src/transports/sip/agent.ts';
import type { Chance } from '../../../src/transports/sip/core.ts';
import type { TransportName } from '../../../src/transports/sip/flow.ts';
import { parseMessage, type SipMessage, type SipRequest, type SipResponse } from '../../../src/transports/sip/message.ts';
import type { SipOptions } from '../../../src/transports/sip/options.ts';
import { openSipAgent, type UserAgent } from '../../../src/transports/sip/user-agent.ts';
import { Wire } from './wire.ts';

export const offer = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
export const answer = offer.replace('4000', '5000');
export const own = { host: '192.0.2.100', port: 5060 };
export const far = { host: '192.0.2.1', port: 5060 };

/** Chance that repeats itself. */
export function counted(): Chance {
  let count = 0;
  return { ids: countingIds(), token: (length) => String(++count).padStart(length, 'x'), integer: (below) => Math.floor(below / 2) };
}

export class Peer {
  readonly received: SipMessage[] = [];
  readonly #send: (text: string) => void;
  readonly at: { host: string; port: number };

  constructor(wire: Wire, at = far, transport: TransportName = 'udp', to = own) {
    this.at = at;
    const flow = wire.flow(transport, at, to);
    this.#send = (text) => flow.send(Buffer.from(text));
    wire.end([{ transport, ...at }], (bytes) => {
      const parsed = parseMessage(bytes, 'stream');
      if (parsed.kind === 'message') this.received.push(parsed.message);
    });
  }

  send(text: string): void {
    this.#send(text);
  }

  /** Statuses of the responses to a method, in order. */
  statuses(method = 'INVITE'): number[] {
    return this.responses(method).map(({ status }) => status);
  }

  responses(method = 'INVITE'): SipResponse[] {
    return this.received.filter((message) => message.kind === 'response' && message.cseq.method === method) as SipResponse[];
  }

  requests(method?: string): SipRequest[] {
    return this.received.filter(
      (message) => message.kind === 'request' && (method === undefined || message.method === method),
    ) as SipRequest[];
  }

  request(method: string): SipRequest {
    const found = this.requests(method).at(-1);
    if (!found) throw new Error(`no ${method} came`);
    return found;
  }

  response(method = 'INVITE'): SipResponse {
    const found = this.responses(method).at(-1);
    if (!found) throw new Error(`no response to ${method} came`);
    return found;
  }
}

export interface RequestText {
  method?: string;
  uri?: string;
  callId?: string;
  cseq?: number;
  branch?: string;
  from?: string;
  to?: string;
  headers?: string[];
  body?: string;
  contact?: string | null;
}

/** A request as a far end writes it. */
export function requestText({
  method = 'INVITE',
  uri = 'sip:100@parley.example',
  callId = 'call-1',
  cseq = 1,
  ...rest
}: RequestText): string {
  const { branch = `${method}-${cseq}`, from = '<sip:alice@far.example>;tag=far-tag', to = '<sip:100@parley.example>' } = rest;
  const { headers = [], body = '', contact = '<sip:alice@192.0.2.1:5060>' } = rest;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-${branch};rport`,
    'Max-Forwards: 70',
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...(contact === null ? [] : [`Contact: ${contact}`]),
    ...headers,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** A far end's response to a request of ours. */
export function responseText(request: SipRequest, status: number, { headers = [] as string[], body = '', tag = 'far-tag' } = {}): string {
  const to = request.headers.first('To') ?? '';
  const lines = [
    `SIP/2.0 ${status} Something`,
    ...request.headers.all('Via').map((value) => `Via: ${value}`),
    `From: ${request.headers.first('From')}`,
    `To: ${to.includes(';tag=') || status === 100 ? to : `${to};tag=${tag}`}`,
    `Call-ID: ${request.callId}`,
    `CSeq: ${request.cseq.number} ${request.cseq.method}`,
    ...(status > 100 && status < 300 ? ['Contact: <sip:bob@192.0.2.1:5060>'] : []),
    ...headers,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly wire: Wire;
  readonly agent: UserAgent;
  readonly peer: Peer;
  readonly calls: IncomingCall[];
  /** The only call that came. */
  call(): IncomingCall;
  /** Lets time pass, a little at a time, so that promises keep up with it. */
  pass(ms: number): Promise<void>;
}

export async function rig(
  options: Partial<SipOptions> = {},
  resolver: Record<string, string[]> = {},
  isReady?: () => boolean,
): Promise<Rig> {
  const clock = new ManualClock();
  const wire = new Wire(clock);
  const calls: IncomingCall[] = [];
  const listen = options.listen ?? [
    { transport: 'udp' as const, ...own },
    { transport: 'tcp' as const, ...own },
  ];
  const agent = await openSipAgent(
    { trunks: [{ name: 'carrier', addresses: ['192.0.2.0/24'] }], strangers: 'refuse', ...options, listen },
    {
      clock,
      chance: counted(),
      log: silentLog,
      resolver: {
        pointers: () => Promise.resolve([]),
        services: () => Promise.resolve([]),
        addresses: (host) => Promise.resolve(resolver[host] ?? []),
      },
      network: (onBytes) => Promise.resolve(wire.end(listen, onBytes)),
    },
    { onIncoming: (call) => calls.push(call), ...(isReady && { isReady }) },
  );
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 20) {
      clock.advance(Math.min(20, left));
      await flush();
    }
  };
  const call = () => {
    if (calls.length !== 1) throw new Error(`${calls.length} calls came`);
    return calls[0] as IncomingCall;
  };
  return { clock, wire, agent, peer: new Peer(wire), calls, call, pass };
}

/** Whatever promises wait for without time goes on. */
export async function flush(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

/** How a promise fails, to be looked at later: it counts as caught from now on. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

export const quiet: DialogEvents = { onSession: () => Promise.resolve(answer) };

/** A call that has come, was answered and acknowledged. */
export async function answered(
  { peer, pass, calls }: Pick<Rig, 'peer' | 'pass' | 'calls'>,
  events: DialogEvents = quiet,
  invite: RequestText = {},
): Promise<{ dialog: SipDialog; to: string }> {
  peer.send(requestText({ body: offer, ...invite }));
  await pass(40);
  const answering = (calls.at(-1) as IncomingCall).answer(answer, events);
  await pass(40);
  const to = peer.response().headers.first('To') ?? '';
  peer.send(requestText({ ...invite, method: 'ACK', to, branch: 'ack', body: '' }));
  await pass(40);
  return { dialog: await answering, to };
}
