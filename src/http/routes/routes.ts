// Every JSON route of the server but health and docs, in its family: OpenAI's under /v1, Inworld's elsewhere.
import type { FastifyInstance } from 'fastify';
import { callRoutes, inworldCallRoutes } from './calls.ts';
import { chatRoutes } from './chat-completions.ts';
import { clientSecretRoutes } from './client-secrets.ts';
import type { RouteDeps } from './deps.ts';
import { requireKey, speakAs } from './family.ts';
import { inworldModelRoutes, openAiModelRoutes } from './models.ts';
import { phoneCallRoutes } from './phone-calls.ts';
import { responseRoutes } from './responses.ts';
import { speechRoutes } from './speech.ts';
import { routerRoutes } from './routers.ts';
import { telephonyRoutes } from './telephony.ts';
import { tokenRoutes } from './tokens.ts';
import { transcriptionRoutes } from './transcriptions.ts';
import { usageRoutes } from './usage.ts';
import { openAiVoiceRoutes, voiceRoutes } from './voices.ts';

/** Adds the routes; call it before the app listens. CORS, 404 and health are the app's own (http/server.ts). */
export function registerRoutes(app: FastifyInstance, deps: RouteDeps): void {
  void app.register(async (scope) => {
    speakAs(scope, 'openai', deps.log);
    requireKey(scope, deps);
    clientSecretRoutes(scope, deps);
    phoneCallRoutes(scope, deps);
    openAiModelRoutes(scope, deps);
    openAiVoiceRoutes(scope, deps);
    speechRoutes(scope, deps);
    chatRoutes(scope, deps);
    responseRoutes(scope, deps);
    transcriptionRoutes(scope, deps);
    usageRoutes(scope, deps);
  });
  void app.register(async (scope) => {
    speakAs(scope, 'inworld', deps.log);
    requireKey(scope, deps);
    voiceRoutes(scope, deps);
    inworldModelRoutes(scope, deps);
    routerRoutes(scope, deps);
  });
  void app.register(async (scope) => {
    speakAs(scope, 'openai', deps.log);
    requireKey(scope, deps, 'realtime');
    callRoutes(scope, deps);
  });
  void app.register(async (scope) => {
    speakAs(scope, 'inworld', deps.log);
    requireKey(scope, deps, 'realtime');
    inworldCallRoutes(scope, deps);
  });
  void app.register(async (scope) => {
    speakAs(scope, 'inworld', deps.log);
    tokenRoutes(scope, deps);
  });
  void app.register(async (scope) => {
    speakAs(scope, 'openai', deps.log);
    telephonyRoutes(scope, deps);
  });
}
