// WebRTC's routes for the published contract: offers in several bodies, answers in two.
import { type JsonObject, reference } from './schema-json.ts';
import { listedCalls, listenedCall, phonePaths } from './schema-phone-routes.ts';
import { answer, inworld, openAi, parameter, problem, text } from './schema-route-parts.ts';

const sdp = {
  'application/sdp': { schema: { type: 'string', description: 'An offer with every candidate, or none: nothing is trickled.' } },
};
const model = parameter('query', 'model', text('The language model to begin with.'));
const refusals = {
  415: problem('The body is of no kind that holds an offer.', 'OpenAiError'),
  503: problem('All calls are taken.', 'OpenAiError'),
};
const located = {
  description: 'The answer, with every candidate.',
  headers: { Location: { schema: { type: 'string' }, description: '`/v1/realtime/calls/{id}`' } },
};

export function callPaths(): Record<string, JsonObject> {
  return {
    '/v1/realtime/calls': {
      get: listedCalls(),
      post: openAi(
        'createCall',
        'Calls',
        'Answers a WebRTC offer, whose events go over the data channel `oai-events`; an ephemeral secret may be used for that instead of a key. Or, with a body that has `to`, places a telephone call.',
        {
          201: { ...located, content: { ...sdp, 'application/json': { schema: reference('CallAnswer') } } },
          403: problem(
            'The telephony file does not allow this number, or a call was to be placed with an ephemeral secret.',
            'OpenAiError',
          ),
          409: problem('This server places no calls.', 'OpenAiError'),
          ...refusals,
        },
        {
          body: 'CallRequest',
          bodies: { ...sdp, 'multipart/form-data': { schema: reference('CallForm') } },
          parameters: [model],
        },
      ),
    },
    '/v1/realtime/calls/{id}/hangup': {
      post: openAi(
        'hangUpCall',
        'Calls',
        'Ends a call.',
        { 200: { description: 'It has ended.' }, 404: problem('There is no such call.', 'OpenAiError') },
        { parameters: [parameter('path', 'id', text("The call's id, `rtc_...`."))] },
      ),
    },
    '/v1/realtime/calls/{id}/listen': { get: listenedCall() },
    ...phonePaths(),
    '/v1/realtime/webrtc': {
      post: inworld(
        'createInworldCall',
        'Calls',
        "The same in Inworld's older shape, with a session in camelCase.",
        { 200: answer('The answer.', 'InworldCallAnswer'), 503: problem('All calls are taken.', 'StatusError') },
        { body: 'InworldCallRequest', parameters: [model] },
      ),
    },
    '/v1/realtime/ice-servers': {
      get: inworld('listIceServers', 'Calls', 'STUN and TURN servers, with credentials that expire.', {
        200: answer('The servers.', 'IceServers'),
      }),
    },
  };
}

/** `POST /v1/realtime`, where the beta took offers. */
export function betaCall(): JsonObject {
  return openAi(
    'createBetaCall',
    'Calls',
    'Answers a WebRTC offer, as the beta did.',
    { 201: { ...located, content: sdp }, ...refusals },
    {
      bodies: sdp,
      parameters: [model],
    },
  );
}
