// Calls by Telnyx' Call Control API: developers.telnyx.com/api-reference/call-commands (Dial, Transfer call, Hangup call, Answer call).
import { addressOf, streamUrl, type StreamInvitation } from '../answers.ts';
import { type Answered, at, ask, placed, type ProviderRest, type RestOptions, transferred } from './provider-rest.ts';
import { isRecord } from '../../../protocol/json.ts';

export interface TelnyxCredentials {
  readonly apiKey: string;
  /** The Call Control application that calls are placed with. */
  readonly connectionId: string;
}

export interface TelnyxRest extends ProviderRest {
  /** Answers a call that its webhook (`call.initiated`) has told of, and has it open its stream. */
  answer(callId: string, invitation: StreamInvitation, signal: AbortSignal): Promise<Answered>;
}

export function telnyxRest(options: RestOptions, { apiKey, connectionId }: TelnyxCredentials): TelnyxRest {
  const calls = at(options.baseUrl ?? 'https://api.telnyx.com', '/v2/calls');
  const post = (url: string, json: object, signal?: AbortSignal) =>
    ask(options, { url, method: 'POST', authorization: `Bearer ${apiKey}`, json, secrets: [apiKey], ...(signal && { signal }) });
  const action = (callId: string, name: string) => at(calls, '', callId, 'actions', name);
  return {
    async place({ to, from, invitation, ringSeconds, detectMachine, statusUrl }, signal) {
      const json = {
        connection_id: connectionId,
        to,
        from,
        ...streamOf(invitation),
        ...(ringSeconds !== undefined && { timeout_secs: ringSeconds }),
        ...(detectMachine && { answering_machine_detection: 'detect' }),
        ...(statusUrl !== undefined && { webhook_url: statusUrl }),
      };
      return placed(await post(calls, json, signal), ({ data }) => (isRecord(data) ? data['call_control_id'] : undefined));
    },
    answer: (callId, invitation, signal) => post(action(callId, 'answer'), streamOf(invitation), signal),
    transfer: async (callId, target, signal) =>
      transferred(await post(action(callId, 'transfer'), { to: addressOf(target).address }, signal)),
    async hangUp(callId) {
      const answered = await post(action(callId, 'hangup'), {});
      return answered.outcome === 'refused' ? answered.reason : undefined;
    },
  };
}

/** Only `streaming_start` has custom parameters: here they stand in the URL. */
function streamOf(invitation: StreamInvitation): object {
  const { rateHz, parameters = {} } = invitation;
  const codec = rateHz ? 'L16' : 'PCMU';
  const url = new URL(streamUrl('telnyx', invitation, true));
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return {
    stream_url: url.href,
    stream_track: 'inbound_track',
    stream_codec: codec,
    // Otherwise it takes MP3 and nothing else from us.
    stream_bidirectional_mode: 'rtp',
    stream_bidirectional_codec: codec,
    stream_bidirectional_sampling_rate: rateHz ?? 8000,
  };
}
