// SIP calls as telephone calls: the signalling of the agent and the sound of the media plane, put together behind the plug of all carriers.
import type { Log } from '../../lib/log.ts';
import { CallError, type CallEvents } from '../calls/call.ts';
import { type IncomingPhoneCall, type PhoneCall, PhoneError, type PhoneParty } from '../calls/phone-call.ts';
import { CallFailure, type CallTarget, type IncomingCall, type SipAgent, type SipDialog } from './agent.ts';
import type { MediaHow } from './media/media-how.ts';
import { type MediaCall, type PhoneMedia, phoneSpeaker } from './media/phone-media.ts';
import { addressIn, partiesOf, type TrunkParties } from './parties.ts';
import { type Referral, SipPhoneCall, type SipPhoneCallParts } from './sip-phone-call.ts';

export interface SipPhoneParts {
  readonly media: PhoneMedia;
  readonly log: Log;
  /** How the sound of a call is carried that came by encrypted messages, or not. */
  readonly how: (secureSignalling: boolean) => MediaHow;
  /** How whom the far side of a call by that trunk has us call is called, from this address of ours. */
  readonly follow?: (referral: Referral, from: string, trunk: string | undefined) => ReturnType<NonNullable<SipPhoneCallParts['follow']>>;
  /** Told, each time, that a call that was placed rings over there (180), or makes some other progress that is heard (183). */
  readonly onRinging?: () => void;
}

/** What cannot be agreed upon (RFC 3261, 21.4.26). */
const notAcceptable = 488;

const plainTrunk: TrunkParties = { trustsIdentity: false, dialled: 'request' };

/** An INVITE as a call that rings. */
export function incomingPhoneCall(call: IncomingCall, parts: SipPhoneParts, trunk = plainTrunk): IncomingPhoneCall {
  const gone = new AbortController();
  call.onCancel(({ by }) => {
    // What we refuse ends, too, and nobody has given up.
    if (by !== 'us') gone.abort();
  });
  const secure = call.source.transport === 'tls';
  return {
    carrier: 'sip',
    ...partiesOf(call, trunk),
    carrierId: call.callId,
    fields: call.headers,
    media: /^m=audio \d+ RTP\/SAVP|^a=crypto:/m.test(call.offer ?? '') ? 'srtp' : 'rtp',
    trunk: call.trunk,
    speaker: phoneSpeaker,
    ring: () => call.ring(),
    reject: (status) => call.reject(status),
    gone: gone.signal,
    answer: (events) => answer(call, secure, events, parts),
  };
}

async function answer(call: IncomingCall, secure: boolean, events: CallEvents, parts: SipPhoneParts): Promise<PhoneCall> {
  const { media, how } = parts;
  const { offer } = call;
  const phone = new SipPhoneCall(events, callParts(parts, secure, addressIn(call.to), call.trunk));
  let sound: MediaCall;
  try {
    sound = await (offer === undefined ? media.offer(how(secure), phone.mediaEvents) : media.answer(offer, how(secure), phone.mediaEvents));
  } catch (error) {
    call.reject((error instanceof CallError && error.status) || notAcceptable);
    throw error;
  }
  try {
    phone.sounds(sound);
    const dialog = await call.answer(sound.sdp, phone.dialogEvents);
    // From here on whatever goes wrong hangs up.
    phone.answered(dialog);
    if (offer === undefined) await sound.accept(dialog.lateAnswer ?? '');
    return phone;
  } catch (error) {
    phone.close();
    if (error instanceof CallFailure) throw new CallError('unavailable', error.message, { cause: error });
    throw error;
  }
}

/**
 * Places a call, and resolves when it is answered.
 * @throws PhoneError when it is not, or `givenUp` fires.
 */
export async function placePhoneCall(
  agent: SipAgent,
  target: CallTarget,
  events: CallEvents,
  givenUp: AbortSignal,
  parts: SipPhoneParts & { readonly trunk?: string },
): Promise<PhoneCall> {
  const { media, how, onRinging } = parts;
  const secure = isSecure(target.proxy ?? target.uri);
  const phone = new SipPhoneCall(events, callParts(parts, secure, addressIn(target.from), parts.trunk));
  const sound = await media.offer(how(secure), phone.mediaEvents);
  // Whoever gave up meanwhile is heard of no more.
  if (givenUp.aborted) {
    sound.close();
    throw new PhoneError({ status: 487, reason: 'The call was given up.' });
  }
  const answered = Promise.withResolvers<{ dialog: SipDialog; sdp: string }>();
  const placed = agent.invite(target, sound.sdp, {
    ...phone.dialogEvents,
    onRinging: () => onRinging?.(),
    onProgress: () => onRinging?.(),
    onAnswered: (dialog, sdp) => answered.resolve({ dialog, sdp }),
    onFailed: ({ status, reason }) =>
      answered.reject(new PhoneError({ status, reason: reason || `The call failed with status ${status}.` })),
  });
  const giveUp = () => placed.cancel();
  phone.sounds(sound, giveUp);
  givenUp.addEventListener('abort', giveUp, { once: true });
  try {
    const { dialog, sdp } = await answered.promise;
    phone.answered(dialog);
    await sound.accept(sdp);
    return phone;
  } catch (error) {
    phone.close();
    throw error;
  } finally {
    givenUp.removeEventListener('abort', giveUp);
  }
}

function callParts({ log, follow }: SipPhoneParts, secure: boolean, own: string, trunk: string | undefined): SipPhoneCallParts {
  return { log, secure, ...(follow ? { follow: (referral: Referral) => follow(referral, own, trunk) } : {}) };
}

/** Whether messages to there are encrypted. */
export function isSecure(uri: string): boolean {
  return /^sips:|;transport=tls/i.test(uri);
}

export function sipParty(from: string, to: string, trunk: string): PhoneParty {
  return { carrier: 'sip', from, to, carrierId: '', fields: [], trunk };
}
