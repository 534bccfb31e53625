// What is told about telephone calls to whoever wants to know: the webhooks' events, before they are put into an envelope.
import type { PhoneCarrier, PhoneField } from '../transports/calls/phone-call.ts';

export type Direction = 'inbound' | 'outbound';

/** Who brought a call to its end: the far side, this server's session or its owner, nobody's wish (a connection that broke), or there never was one. */
export type EndCause = 'far_side' | 'here' | 'lost' | 'cancelled' | 'rejected' | 'unanswered' | 'failed' | 'transferred';

interface OfCall {
  readonly call_id: string;
  readonly direction: Direction;
  readonly carrier: PhoneCarrier;
  readonly from: string;
  readonly to: string;
  readonly route?: string;
}

export type PhoneEvent =
  /** A call waits for `accept` or `reject`; the names of the fields are OpenAI's. */
  | {
      readonly type: 'realtime.call.incoming';
      readonly data: {
        readonly call_id: string;
        readonly sip_headers: readonly PhoneField[];
        readonly sip_media_security?: 'rtp' | 'srtp';
      };
    }
  | { readonly type: 'realtime.call.ringing' | 'realtime.call.answered'; readonly data: OfCall }
  | { readonly type: 'realtime.call.transferred'; readonly data: OfCall & { readonly target: string } }
  | {
      readonly type: 'realtime.call.transfer_failed';
      readonly data: OfCall & { readonly target: string; readonly status?: number; readonly reason: string };
    }
  | {
      readonly type: 'realtime.call.ended';
      readonly data: OfCall & {
        readonly cause: EndCause;
        readonly status?: number;
        readonly duration_seconds: number;
        readonly recording?: string;
      };
    };
