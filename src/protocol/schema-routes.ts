// The HTTP routes for the published contract. The tests hold this list against the routes that the server has.
import { betaCall, callPaths } from './schema-call-routes.ts';
import { type JsonObject, reference } from './schema-json.ts';
import { routerPaths } from './schema-router-routes.ts';
import { usagePaths } from './schema-usage-route.ts';
import { answer, inworld, manyWrongKeys, open, openAi, parameter, problem, text, upgrade } from './schema-route-parts.ts';

const secretLife = 'The secret opens realtime sessions only, until it expires, and each begins with the session that is given here.';

/** By path and method, what each route is for, takes and answers. */
export function openApiPaths(): Record<string, JsonObject> {
  const workspace = parameter('path', 'workspace', text('The workspace of the key.'));
  const voice = parameter('path', 'voice', text("A voice's id."));
  const chosen = [
    parameter('query', 'languages', text('Language codes (`EN_US`, `en`), separated by commas.')),
    parameter('query', 'filter', text('`lang_code = "EN_US" AND gender = "female"`.')),
    parameter('query', 'orderBy', text('A field, then `asc` or `desc`.')),
    parameter('query', 'pageSize', { schema: { type: 'integer', minimum: 0 }, description: 'Voices on a page; all of them without it.' }),
    parameter('query', 'pageToken', text('`nextPageToken` of the page before.')),
  ];
  const secretProblems = {
    413: problem('The session is larger than a secret keeps.', 'OpenAiError'),
    429: problem(`The key has too many secrets alive, or too many bytes of them. ${manyWrongKeys}`, 'OpenAiError'),
  };
  return {
    '/health': {
      get: open('health', 'Server', 'Whether the server is ready to talk.', {
        200: answer('Ready.', 'Health'),
        503: answer('Not yet.', 'Health'),
      }),
    },
    '/livez': {
      get: open('livez', 'Server', 'Whether the process lives: for supervisors.', { 200: answer('It does.', 'Live') }),
    },
    '/readyz': {
      get: open('readyz', 'Server', 'Whether a new conversation would be served now: for load balancers.', {
        200: answer('It would.', 'Ready'),
        503: answer('It would not, and why: an engine is lost, all sessions are taken, or the server is about to leave.', 'Ready'),
      }),
    },
    '/docs': {
      get: open('docsPage', 'Server', 'This contract, to be read.', {
        200: { description: 'A page.', content: { 'text/html': { schema: { type: 'string' } } } },
      }),
    },
    '/docs/asyncapi.json': {
      get: open('docsEvents', 'Server', 'The events, as an AsyncAPI document.', { 200: answer('The document.', 'Document') }),
    },
    '/docs/openapi.json': {
      get: open('docsRoutes', 'Server', 'The routes, as an OpenAPI document.', { 200: answer('The document.', 'Document') }),
    },

    '/v1/realtime': {
      get: upgrade('realtime', "A realtime session over a WebSocket, at OpenAI's path.", [
        parameter('query', 'model', text('The language model to begin with.')),
        parameter('query', 'intent', {
          schema: { type: 'string', enum: ['transcription'] },
          description: 'A session that only writes down what is said.',
        }),
        parameter('query', 'call_id', text('Joins that call from beside, instead of beginning a session.')),
      ]),
      post: betaCall(),
    },
    ...callPaths(),
    '/api/v1/realtime/session': {
      get: upgrade('realtimeInworld', "A realtime session over a WebSocket, at Inworld's path.", [
        parameter('query', 'key', text("An id for the session, of the client's own making.")),
        parameter('query', 'protocol', { schema: { type: 'string', enum: ['realtime'] }, description: 'The event protocol.' }),
      ]),
    },
    '/v1/realtime/client_secrets': {
      post: openAi(
        'createClientSecret',
        'Realtime',
        `An ephemeral secret for a browser. ${secretLife}`,
        { 200: answer('The secret.', 'ClientSecret'), ...secretProblems },
        { body: 'ClientSecretRequest' },
      ),
    },
    '/v1/realtime/sessions': {
      post: openAi(
        'createBetaSession',
        'Realtime',
        `The same in the shape of the beta; a session it opens speaks the beta dialect. ${secretLife}`,
        { 200: answer('The session and its secret.', 'BetaSessionWithSecret'), ...secretProblems },
        { body: 'BetaSessionRequest' },
      ),
    },
    '/v1/realtime/transcription_sessions': {
      post: openAi(
        'createBetaTranscriptionSession',
        'Realtime',
        `The same for a session that only writes down what is said. ${secretLife}`,
        { 200: answer('The session and its secret.', 'BetaSessionWithSecret'), ...secretProblems },
        { body: 'BetaSessionRequest' },
      ),
    },
    '/v1/models': {
      get: openAi('listModels', 'Lists', 'What a session may name to answer, hear and speak.', {
        200: answer('The list.', 'OpenAiModels'),
      }),
    },
    '/v1/chat/completions': {
      post: openAi(
        'createChatCompletion',
        'Text',
        'An answer of a language model in text, whole or as it is made. A model may be `inworld/<router>`.',
        textAnswers('ChatCompletion'),
        { body: 'ChatRequest' },
      ),
    },
    '/v1/responses': {
      post: openAi(
        'createResponse',
        'Text',
        'The same by the Responses API. Nothing is kept of it: the whole conversation comes with each request.',
        textAnswers('TextResponse'),
        { body: 'TextResponseRequest' },
      ),
    },
    '/v1/audio/speech': {
      post: openAi(
        'createSpeech',
        'Audio',
        'Speech from a text, streamed as it is made.',
        {
          200: { description: 'The sound.', content: { 'audio/wav': {}, 'audio/pcm': {}, 'text/event-stream': {} } },
          400: problem('A field cannot be used; `param` names it.', 'OpenAiError'),
          429: problem('A limit is reached.', 'OpenAiError'),
          503: problem('The voice is not available.', 'OpenAiError'),
        },
        { body: 'SpeechRequest' },
      ),
    },
    '/v1/audio/transcriptions': {
      post: openAi(
        'createTranscription',
        'Audio',
        'The words of a sound file.',
        {
          200: answer('The words.', 'Transcription'),
          400: problem('A field cannot be used; `param` names it.', 'OpenAiError'),
          413: problem('The file is too large.', 'OpenAiError'),
          429: problem('A limit is reached.', 'OpenAiError'),
          503: problem('The recogniser is not available.', 'OpenAiError'),
        },
        { bodies: { 'multipart/form-data': { schema: reference('TranscriptionForm') } } },
      ),
    },
    '/v1/voices': {
      get: openAi('listOpenAiVoices', 'Lists', 'The voices that a session may name.', { 200: answer('The list.', 'OpenAiVoices') }),
    },
    '/v1/models/{model}': {
      get: openAi(
        'retrieveModel',
        'Lists',
        'One model.',
        { 200: answer('The model.', 'OpenAiModel'), 404: problem('There is no such model.', 'OpenAiError') },
        {
          parameters: [parameter('path', 'model', text('A model id; its slashes need no escaping.'))],
        },
      ),
    },

    '/auth/v1/tokens/token:generate': {
      post: {
        ...inworld(
          'generateToken',
          'Access',
          'A short-lived token for a signed request (IW1-HMAC-SHA256), accepted as a Bearer token wherever a key is.',
          {
            200: answer('The token.', 'Token'),
            403: problem('The signature is wrong, stale or used up.', 'StatusError'),
            429: problem(`The key has asked for too many tokens. ${manyWrongKeys}`, 'StatusError'),
          },
          {
            body: 'TokenRequest',
            parameters: [
              parameter(
                'header',
                'Authorization',
                text('`IW1-HMAC-SHA256 ApiKey=<key>,DateTime=<YYYYMMDDHHMMSS>,Nonce=<hex>,Signature=<hex>`.'),
                true,
              ),
            ],
          },
        ),
        security: [],
      },
    },
    '/v1/sessionTokens/token:generate': {
      post: {
        ...inworld(
          'generateSessionToken',
          'Access',
          'The same token by the later of the two routes; the request is signed for its method, `ai.inworld.engine.v1.SessionTokens/GenerateSessionToken`.',
          {
            200: answer('The token.', 'Token'),
            403: problem('The signature is wrong, stale or used up.', 'StatusError'),
            429: problem(`The key has asked for too many tokens. ${manyWrongKeys}`, 'StatusError'),
          },
          {
            body: 'SessionTokenRequest',
            parameters: [
              parameter(
                'header',
                'Authorization',
                text('`IW1-HMAC-SHA256 ApiKey=<key>,DateTime=<YYYYMMDDHHMMSS>,Nonce=<hex>,Signature=<hex>`.'),
                true,
              ),
            ],
          },
        ),
        security: [],
      },
    },
    '/voices/v1/voices': {
      get: inworld('listVoices', 'Lists', 'The voices there are.', { 200: answer('The list.', 'Voices') }, { parameters: chosen }),
    },
    '/voices/v1/voices/{voice}': { get: inworld('getVoice', 'Lists', 'One voice.', oneVoice(), { parameters: [voice] }) },
    '/voices/v1/workspaces/{workspace}/voices': {
      get: inworld(
        'listWorkspaceVoices',
        'Lists',
        'The voices of a workspace.',
        { 200: answer('The list.', 'Voices'), 403: problem('The key belongs to another workspace.', 'StatusError') },
        { parameters: [workspace, ...chosen] },
      ),
    },
    '/voices/v1/workspaces/{workspace}/voices/{voice}': {
      get: inworld(
        'getWorkspaceVoice',
        'Lists',
        'One voice of a workspace.',
        { ...oneVoice(), 403: problem('The key belongs to another workspace.', 'StatusError') },
        { parameters: [workspace, voice] },
      ),
    },
    '/tts/v1/voices': {
      get: inworld(
        'listOldVoices',
        'Lists',
        'The voices there are, in an older shape.',
        { 200: answer('The list.', 'OldVoices') },
        { parameters: chosen },
      ),
    },
    '/tts/v1alpha/voices': {
      get: inworld('listAlphaVoices', 'Lists', 'The same.', { 200: answer('The list.', 'OldVoices') }, { parameters: chosen }),
    },
    '/llm/v1alpha/models': {
      get: inworld('listInworldModels', 'Lists', "The language models, in Inworld's shape.", { 200: answer('The list.', 'InworldModels') }),
    },
    ...routerPaths(),
    ...usagePaths(),
  };
}

function textAnswers(schema: string): JsonObject {
  return {
    200: {
      description: 'The answer.',
      content: { 'application/json': { schema: reference(schema) }, 'text/event-stream': {} },
    },
    400: problem('A field cannot be used; `param` names it.', 'OpenAiError'),
    429: problem('A limit is reached.', 'OpenAiError'),
    503: problem('The model is not available.', 'OpenAiError'),
    504: problem('The model did not answer in time.', 'OpenAiError'),
  };
}

function oneVoice(): JsonObject {
  return { 200: answer('The voice.', 'Voice'), 404: problem('There is no such voice.', 'StatusError') };
}
