// The routes of telephone calls for the published contract: what whoever decides about a call may do, and what providers ask.
import type { JsonObject } from './schema-json.ts';
import { answer, openAi, parameter, problem, text } from './schema-route-parts.ts';

const call = parameter('path', 'id', text("The call's id, `rtc_...`."));
const carrier = parameter('path', 'carrier', {
  schema: { type: 'string', enum: ['twilio', 'signalwire', 'telnyx', 'plivo', 'vonage'] },
  description: 'The provider that asks.',
});
const noCall = problem('The key has no such call in a state in which that can be done.', 'OpenAiError');
const documentTypes = { 'text/xml': { schema: { type: 'string' } }, 'application/json': { schema: {} } };

/** What a provider asks has no key: it is signed. */
function asked(operationId: string): JsonObject {
  return ofProvider(operationId, 'Says what the provider is to do with a call.', {
    description: 'A document of the provider’s kind: it opens a media stream to this server, or refuses the call.',
    content: documentTypes,
  });
}

function told(operationId: string): JsonObject {
  return ofProvider(operationId, 'Is told by the provider what becomes of a call: that it rings, who has answered, that it has ended.', {
    description: 'It was understood.',
    content: { 'application/json': { schema: {} } },
  });
}

function ofProvider(operationId: string, summary: string, answered: JsonObject): JsonObject {
  return {
    operationId,
    tags: ['Telephony'],
    summary: `${summary} The request bears the signature of the provider instead of a key.`,
    security: [],
    parameters: [carrier],
    responses: {
      200: answered,
      403: problem('The signature is not right.', 'OpenAiError'),
      404: problem('No such provider is configured.', 'OpenAiError'),
    },
  };
}

/** Beside those of `/v1/realtime/calls`, which WebRTC has as well. */
export function phonePaths(): Record<string, JsonObject> {
  return {
    '/v1/realtime/calls/{id}': {
      get: openAi(
        'getCall',
        'Telephony',
        'A telephone call of the key: one that goes on, or one of the last thousand that have ended.',
        { 200: answer('The call.', 'PhoneCall'), 404: problem('The key has no such call, or not any more.', 'OpenAiError') },
        { parameters: [call] },
      ),
    },
    '/v1/realtime/calls/{id}/accept': {
      post: openAi(
        'acceptCall',
        'Telephony',
        'Answers a call that rings, with this session over that of its route.',
        { 200: { description: 'It is answered.' }, 404: noCall },
        { body: 'SessionUpdate', parameters: [call] },
      ),
    },
    '/v1/realtime/calls/{id}/reject': {
      post: openAi(
        'rejectCall',
        'Telephony',
        'Refuses a call that rings.',
        { 200: { description: 'It is refused.' }, 404: noCall },
        { body: 'CallRejection', parameters: [call] },
      ),
    },
    '/v1/realtime/calls/{id}/refer': {
      post: openAi(
        'referCall',
        'Telephony',
        'Hands the caller over to somebody else. Answered once that has come about.',
        {
          200: { description: 'The caller is handed over.' },
          403: problem('The telephony file does not allow this target.', 'OpenAiError'),
          404: noCall,
          409: problem('It has not come about, and the call goes on here.', 'OpenAiError'),
        },
        { body: 'CallReferral', parameters: [call] },
      ),
    },
    '/v1/realtime/{carrier}/voice': { get: asked('askVoice'), post: asked('askVoiceByForm') },
    '/v1/realtime/{carrier}/events': { get: told('tellCall'), post: told('tellCallByForm') },
    '/v1/realtime/telephony/documents/{name}': {
      get: {
        operationId: 'getTelephonyDocument',
        tags: ['Telephony'],
        summary: 'A document that a provider was told to fetch, by a name that nobody guesses and for a short time.',
        security: [],
        parameters: [parameter('path', 'name', text('Its name.'))],
        responses: {
          200: { description: 'The document.', content: documentTypes },
          404: problem('There is no such document, or not any more.', 'OpenAiError'),
        },
      },
    },
  };
}

/** `GET /v1/realtime/calls` */
export function listedCalls(): JsonObject {
  return openAi(
    'listCalls',
    'Telephony',
    'The telephone calls of the key, the newest first: those that go on, unless something else is asked for.',
    { 200: answer('The calls.', 'CallList') },
    {
      parameters: [
        parameter('query', 'state', {
          schema: { type: 'string', enum: ['ringing', 'connecting', 'talking', 'transferring', 'ending', 'ended', 'all'] },
          description: 'Only calls in that state. `ended`: of the last thousand that have ended.',
        }),
        parameter('query', 'limit', {
          schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
          description: 'How many at most.',
        }),
        parameter('query', 'after', text('The id of a call: those behind it.')),
      ],
    },
  );
}
