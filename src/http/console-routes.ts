// What the console's page asks of its server beside the realtime doors: a secret for them, what a session may name, how a voice sounds, what was used, and
// the routers.
import type { FastifyInstance } from 'fastify';
import type { Log } from '../lib/log.ts';
import type { Principal } from '../store/principal.ts';
import { admitConsole, type ConsoleAccess } from './console-guard.ts';
import { usualSpeechModel } from '../protocol/session-config.ts';
import type { Count, ListedModel, ListedVoice, RouterDesk, Turns, UsageDesk } from './routes/deps.ts';
import { mintSecret, unstored } from './routes/client-secrets.ts';
import { principalOf, Refusal, requireLeave, speakAs, takeTurn } from './routes/family.ts';
import { lookAtRouters, routerRoutes } from './routes/routers.ts';
import { usageRoutes } from './routes/usage.ts';

/** Long enough to connect with, short enough to be worth nothing to whoever finds it. */
const secretSeconds = 60;
/** Samples of voices kept: some 100 KB each. */
const mostSamples = 64;

export interface ListedEngine {
  /** `stt`, `tts`, `turn`, … */
  readonly kind: string;
  readonly name: string;
  readonly problem?: string;
}

export interface ConsoleDeps extends ConsoleAccess {
  readonly log: Log;
  readonly defaultModel: string;
  readonly defaultVoice: string;
  models(): readonly ListedModel[];
  voices(): readonly ListedVoice[];
  /** Who hears, speaks and so on at this moment, and why it is not who should. */
  engines(): readonly ListedEngine[];
  /** A sentence in that voice, as a WAV file. */
  sample(voice: ListedVoice): Promise<Uint8Array>;
  readonly calls: {
    /** Lets one WebSocket of the page in that tells of the calls of that key. */
    ticket(by: Principal): string;
    /** False when those who ask have no such call. */
    hangUp(id: string, by: Principal): boolean;
  };
  readonly usage: Count;
  readonly shares: Turns;
  readonly usageDesk: UsageDesk;
  readonly routers: RouterDesk;
}

/** Adds the routes below /console; call it before the app listens. */
export function registerConsoleRoutes(app: FastifyInstance, deps: ConsoleDeps): void {
  void app.register(async (scope) => {
    speakAs(scope, 'openai', deps.log);
    scope.addHook('onRequest', async (_request, reply) => {
      // These are for one page only, whoever else may call the other routes.
      for (const name of ['Access-Control-Allow-Origin', 'Access-Control-Expose-Headers']) reply.removeHeader(name);
    });
    requireLeave(scope, (request) => admitConsole(request, deps));

    const idsOf = (kind: ListedModel['kind']) => deps.models().flatMap((model) => (model.kind === kind ? model.id : []));
    scope.post('/console/secret', async (request, reply) => {
      // By a name that is listed for the page, so that it can describe the voice and let it be heard.
      const session = { audio: { output: { voice: deps.defaultVoice } } };
      const { value, expiresAt } = await mintSecret(
        deps.access,
        principalOf(request),
        { session, dialect: 'ga', seconds: secretSeconds },
        null,
      );
      return unstored(reply).send({ value, expires_at: expiresAt });
    });

    scope.get('/console/catalogue', (_request, reply) =>
      unstored(reply).send({
        models: idsOf('llm'),
        recognisers: idsOf('stt'),
        speech_models: idsOf('tts'),
        voices: deps.voices(),
        engines: deps.engines(),
        default_model: deps.defaultModel,
        default_voice: deps.defaultVoice,
        default_speech_model: usualSpeechModel,
        webrtc: app.hasRoute({ method: 'POST', url: '/v1/realtime/calls' }),
      }),
    );

    scope.post('/console/calls', (request, reply) => unstored(reply).send({ ticket: deps.calls.ticket(principalOf(request)) }));
    scope.post<{ Params: { id: string } }>('/console/calls/:id/hangup', (request, reply) => {
      if (!deps.calls.hangUp(request.params.id, principalOf(request)))
        throw new Refusal(404, 'call_not_found', 'This call is over already.');
      return reply.code(200).send();
    });

    const samples = new Map<string, Promise<Uint8Array>>();
    scope.get<{ Params: { voice: string } }>('/console/voices/:voice/sample', async (request, reply) => {
      const voice = deps.voices().find(({ id }) => id === request.params.voice);
      if (!voice) throw new Refusal(404, 'not_found', `There is no voice '${request.params.voice.slice(0, 64)}'.`);
      // The same name sounds otherwise when another engine speaks.
      const name = `${deps.engines().find(({ kind }) => kind === 'tts')?.name} ${voice.id}`;
      if (!samples.has(name)) {
        if (samples.size >= mostSamples) samples.clear();
        const made = deps.sample(voice);
        samples.set(name, made);
        made.catch(() => samples.delete(name));
      }
      const wav = await samples.get(name);
      return reply.headers({ 'Content-Type': 'audio/wav', 'Cache-Control': 'private, max-age=3600' }).send(wav);
    });

    void scope.register(async (api) => publishedRoutes(api, deps), { prefix: '/console' });
  });
}

/** Routes of the published API as the page may ask for them: `/console/v1/usage` is `/v1/usage`, and so on. They count as the key's own requests. */
function publishedRoutes(api: FastifyInstance, deps: ConsoleDeps): void {
  const { routers } = deps;
  api.addHook('onRequest', async (request, reply) => {
    unstored(reply);
    await takeTurn(request, principalOf(request), deps);
  });
  usageRoutes(api, deps);
  void api.register(async (scope) => {
    speakAs(scope, 'inworld', deps.log);
    routerRoutes(scope, deps);
    scope.get('/routers', (request) => {
      lookAtRouters(request);
      return {
        folder: routers.folder,
        may_change: routers.mayChange(principalOf(request)),
        routers: routers.files(),
        table_faults: routers.tableFaults(),
      };
    });
  });
}
