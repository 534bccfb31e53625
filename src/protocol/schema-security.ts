// The ways a client shows its key, as OpenAPI 3.1 says them.

export const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, a token of `/auth/v1/tokens/token:generate`, or, for realtime sessions only, an ephemeral secret `ek_...`. In a browser, a WebSocket may offer it as the subprotocol `openai-insecure-api-key.<key>`.',
  },
  basic: { type: 'http', scheme: 'basic', description: 'The base64 key as it was issued, or `key:secret` in base64.' },
  header: { type: 'apiKey', in: 'header', name: 'api-key', description: 'An API key.' },
  query: { type: 'apiKey', in: 'query', name: 'token', description: 'An API key or token, for clients that cannot set headers.' },
} as const;
