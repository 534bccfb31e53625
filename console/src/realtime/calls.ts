// The calls of a key as the server tells of them: which there are, in which order they are shown, and in which words. Pure.
export interface Call {
  readonly id: string;
  readonly direction: 'inbound' | 'outbound';
  /** Numbers or addresses; empty where the caller withholds it, and of a WebRTC call. */
  readonly from: string;
  readonly to: string;
  readonly carrier: string;
  readonly trunk?: string;
  readonly route?: string;
  readonly state: 'ringing' | 'connecting' | 'talking' | 'transferring' | 'ending' | 'ended';
  /** Seconds since the Unix epoch, by the server's clock. */
  readonly began_at: number;
  readonly answered_at?: number;
  readonly speaking?: 'caller' | 'agent' | 'both' | 'nobody';
  readonly ended_at?: number;
  readonly cause?: string;
  readonly duration_seconds?: number;
  /** Why a call that was placed did not come about. */
  readonly reason?: string;
  /** The name of a file. */
  readonly recording?: string;
}

export interface CallList {
  readonly live: readonly Call[];
  readonly ended: readonly Call[];
}

export const noCalls: CallList = { live: [], ended: [] };

/** What the server tells: calls that are new or other than before, and the ids of those that are shown no longer. */
export function listed(list: CallList, changed: readonly Call[], gone: readonly string[]): CallList {
  const all = new Map([...list.live, ...list.ended].map((call) => [call.id, call]));
  for (const call of changed) all.set(call.id, call);
  for (const id of gone) all.delete(id);
  const calls = [...all.values()];
  return {
    live: calls.filter(({ state }) => state !== 'ended').sort((a, b) => b.began_at - a.began_at),
    ended: calls.filter(({ state }) => state === 'ended').sort((a, b) => (b.ended_at ?? 0) - (a.ended_at ?? 0)),
  };
}

export function callOf({ live, ended }: CallList, id: string): Call | undefined {
  return live.find((call) => call.id === id) ?? ended.find((call) => call.id === id);
}

const carriers: Readonly<Record<string, string>> = {
  webrtc: 'WebRTC',
  sip: 'SIP',
  twilio: 'Twilio',
  signalwire: 'SignalWire',
  telnyx: 'Telnyx',
  plivo: 'Plivo',
  vonage: 'Vonage',
  asterisk: 'Asterisk',
  stream: 'Stream',
};

/** By whom it came, and which route it took. */
export function wayOf({ carrier, trunk, route }: Call): string {
  const by = carriers[carrier] ?? carrier;
  return [trunk === undefined ? by : `${by} ${trunk}`, ...(route === undefined ? [] : [route])].join(' · ');
}

/** Who calls whom: the far side, and the own number where there is one. */
export function partiesOf({ carrier, direction, from, to }: Call): { readonly far: string; readonly own: string | undefined } {
  if (carrier === 'webrtc') return { far: 'Browser or app', own: undefined };
  const [far, own] = direction === 'inbound' ? [from, to] : [to, from];
  return { far: far === '' ? 'Number withheld' : plainAddress(far), own: own === '' ? undefined : plainAddress(own) };
}

/** `sip:1001@pbx.example.com` without what only machines need. */
function plainAddress(address: string): string {
  return address.replace(/^sips?:/i, '').replace(/;.*$/, '');
}

const speakers = { caller: 'Caller speaks', agent: 'Agent speaks', both: 'Both speak', nobody: 'Quiet' } as const;

const states: Readonly<Record<Call['state'], string>> = {
  ringing: 'Rings',
  connecting: 'Being answered',
  talking: 'Talks',
  transferring: 'Being handed over',
  ending: 'Ends',
  ended: 'Ended',
};

const causes: Readonly<Record<string, string>> = {
  far_side_hung_up: 'They hung up',
  hung_up: 'Hung up here',
  transferred: 'Handed over',
  lost: 'Connection lost',
  limit_reached: 'Ended by a limit of the key',
  cancelled: 'Given up before it was answered',
  rejected: 'Rejected',
  busy: 'Busy',
  not_answered: 'Not answered',
  failed: 'Failed',
};

/** What is going on in it, in a few words. */
export function doingOf({ state, direction, speaking, cause }: Call): string {
  if (state === 'ended') return causes[cause ?? ''] ?? states.ended;
  if (state === 'connecting' && direction === 'outbound') return 'Being called';
  return state === 'talking' && speaking !== undefined ? speakers[speaking] : states[state];
}

/** Since when it has talked, or rung, in milliseconds; of one that has ended, how long it talked. */
export function lengthMs(call: Call, serverNowMs: number): number {
  if (call.duration_seconds !== undefined) return call.duration_seconds * 1000;
  return Math.max(0, serverNowMs - (call.answered_at ?? call.began_at) * 1000);
}

/** `4:05`, `1:04:05`. */
export function clockWords(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
