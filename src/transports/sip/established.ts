// What the parts of an answered call share: its dialog and the way there, the session as it stands, and its end.
import type { CallEnd, DialogEvents } from './agent.ts';
import { extensions, methods } from './build.ts';
import { contactAt, type Core, type Way, wayWithin } from './core.ts';
import type { Dialog } from './dialog.ts';
import { type Sending } from './exchange.ts';
import type { Flow } from './flow.ts';
import type { Header } from './header-list.ts';
import type { Keyring } from './keyring.ts';
import type { SipMessage, SipRequest } from './message.ts';
import type { Interval } from './session-interval.ts';

export interface Established {
  readonly core: Core;
  readonly id: string;
  readonly dialog: Dialog;
  readonly events: DialogEvents;
  readonly keyring: Keyring;
  /** Who has made the Call-ID: that side waits longer when both make an offer at once (RFC 3261 section 14.1). */
  readonly role: 'caller' | 'callee';
  /** The trunk that let it in; of a call that went out none. */
  readonly trunk: string | undefined;
  /** The newest flow that the far end has used. */
  flow: Flow;
  /** Our description as it stands, for a refresh that needs one. */
  localSdp: string;
  /** Whether the far end takes UPDATE. */
  takesUpdate: boolean;
}

export interface EstablishedParts extends Omit<Established, 'takesUpdate'> {
  /** The INVITE, or the success it was answered with: what the far end says that it allows. */
  readonly theirs: SipMessage;
  readonly interval: Interval | undefined;
  readonly onEnded: (end: CallEnd) => void;
}

export function wayOf({ dialog, flow }: Established): Way {
  return wayWithin(dialog, flow);
}

/** A request of ours within the call. */
export function sendingWithin(call: Established, request: SipRequest): Sending {
  return { ...wayOf(call), request, keyring: call.keyring, nextNumber: () => call.dialog.nextNumber() };
}

/** What a success of ours says of us (RFC 3261 section 13.3.1.4). */
export function ourAbilities(flow: Flow, request: SipRequest): Header[] {
  return [{ name: 'Contact', value: contactAt(flow, request.uri) }, ...abilities];
}

export const abilities: readonly Header[] = [
  { name: 'Allow', value: methods.join(', ') },
  { name: 'Supported', value: extensions.join(', ') },
];

/** The same without reliable provisional responses (RFC 3262). */
export const withoutReliable: readonly Header[] = abilities.map(({ name, value }) => ({
  name,
  value: name === 'Supported' ? value.replace('100rel, ', '') : value,
}));

/** The first value of a Reason header (RFC 3326), for people to read. */
export function reasonHeader(message: SipMessage): string | undefined {
  return message.headers.first('Reason');
}
