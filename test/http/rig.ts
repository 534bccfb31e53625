// The routes upon a real Access, listening on a port of their own, with sessions, voices and models that are easy to recognise.
import { Access } from '../../src/access/access.ts';
import { Reception } from '../../src/access/reception.ts';
import { type KeyLimits, Usage } from '../../src/access/usage.ts';
import { makeKey, revokeKey } from '../../src/access/issue.ts';
import { Vault } from '../../src/access/vault.ts';
import { registerRoutes } from '../../src/http/routes/routes.ts';
import type { AudioDesk, CallDesk, ChatDesk, PhoneDesk, CallWish, ListedVoice, RouteDeps, RouterDesk } from '../../src/http/routes/deps.ts';
import { Refusal } from '../../src/http/routes/family.ts';
import type { Principal } from '../../src/store/principal.ts';
import { createHttp } from '../../src/http/server.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import { randomToken } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import { RemoteAddresses } from '../../src/lib/remote-address.ts';
import { LoopShares } from '../../src/lib/loop-shares.ts';
import { errors } from '../../src/protocol/errors.ts';
import type { StoreBounds } from '../../src/store/embedded.ts';
import { storeFor } from '../store/shared.ts';

const voice = (id: string, language: string, gender: string, tags: string[]): ListedVoice => ({
  id,
  name: id,
  description: `${id} speaks.`,
  language,
  gender,
  tags,
  provider: 'parley',
});

export const voices = [
  voice('Dennis', 'en-US', 'male', ['calm', 'friendly']),
  voice('Clive', 'en-GB', 'male', ['cordial']),
  voice('Olivia', 'en-US', 'female', ['friendly', 'bright']),
  voice('Mathilde', 'fr-FR', 'female', ['warm']),
];

const none = Number.POSITIVE_INFINITY;
const unlimited: KeyLimits = { sessions: none, requests: none, recognition: none, speech: none, mints: none };

export async function httpRig(bounds?: Partial<StoreBounds>, limits: Partial<KeyLimits> = {}, more: Partial<RouteDeps> = {}) {
  const { store, close } = storeFor(bounds);
  const clock = new ManualClock();
  const vault = new Vault('m'.repeat(40), randomToken);
  const issuing = { store, vault, clock, random: randomToken };
  const usage = new Usage({ limits: { ...unlimited, ...limits }, clock, onRefused() {} });
  const access = new Access({ ...issuing, configuredKeys: [], mint: (keyId) => usage.mint(keyId) });
  const addresses = new RemoteAddresses(['loopback']);
  const hasExpired = (credential: string) => access.hasExpired(credential);
  const reception = new Reception({ clock, log: silentLog, addresses, failures: 30, hasExpired, known: () => {} });
  const key = await makeKey(issuing, { name: '', workspace: 'acme' });
  /** What the routes asked of the session's side, in order. */
  const asked: unknown[] = [];
  /** Calls that were wanted, in order; each is answered, but for an offer that says otherwise. */
  const wishes: { wish: CallWish; by: Principal }[] = [];
  const calls: CallDesk = {
    async open(wish, by) {
      if (wish.sdp.includes('bad')) throw new Refusal(400, 'invalid_offer', 'The offer has no audio.', 'sdp');
      if (wish.sdp.includes('full')) throw new Refusal(503, 'server_overloaded', 'All calls are taken.');
      wishes.push({ wish, by });
      return { id: `rtc_${wishes.length}`, sdp: 'v=0 answer', sessionId: 'sess_1' };
    },
    hangUp: (id, by) => by.keyId === wishes[0]?.by.keyId && id === 'rtc_1',
    list: () => [],
    iceServers: (name) => [
      { urls: ['stun:stun.example:3478'] },
      { urls: ['turn:turn.example:3478'], username: `1:${name}`, credential: 'c' },
    ],
  };
  /** There are no telephone calls, unless a test has some. */
  const phones: PhoneDesk = {
    accept: () => Promise.resolve(false),
    reject: () => false,
    transfer: () => Promise.resolve(undefined),
    connect: () => Promise.resolve(undefined),
    hangUp: () => false,
    place: () => 'rtc_1',
    list: () => [],
    ended: () => [],
    find: () => undefined,
  };
  const audio: AudioDesk = {
    async speak({ text, model, voice, speed }) {
      if (voice === 'Nobody') throw errors.unknownVoice('voice', 'Nobody', ['Dennis']);
      asked.push({ text, model, voice, speed });
      return (async function* () {
        yield Uint8Array.of(1, 2);
        yield Uint8Array.of(3, 4);
      })();
    },
    async transcribe({ bytes, ...wish }) {
      asked.push({ bytes: bytes.length, ...wish });
      return {
        text: 'Two words.',
        words: [
          { text: 'Two', startMs: 100, endMs: 400 },
          { text: 'words.', startMs: 400, endMs: 61_005 },
        ],
        language: 'en',
        seconds: 61.5,
      };
    },
  };
  const noRouter = () => {
    throw new Refusal(404, null, 'there is no router');
  };
  /** There are no routers, unless a test has some. */
  const routers: RouterDesk = {
    mayChange: () => false,
    list: () => [],
    folder: 'routers',
    files: () => [],
    tableFaults: () => [],
    get: noRouter,
    create: noRouter,
    update: noRouter,
    remove: noRouter,
    try: noRouter,
  };
  const chat: ChatDesk = { answer: () => Promise.reject(new Error('no model here')) };
  const deps: RouteDeps = {
    audio,
    chat,
    access,
    reception,
    usage,
    shares: new LoopShares(clock),
    calls,
    phones,
    telephony: {
      answer: () => Promise.resolve({ outcome: 'unknown_provider' }),
      tell: () => ({ outcome: 'unknown_provider' }),
      document: () => undefined,
    },
    routers,
    usageDesk: { read: () => Promise.reject(new Error('nothing is counted here')) },
    clock,
    log: silentLog,
    checkSession(session) {
      asked.push(session);
      if (session['model'] === 'nobody/nothing') throw errors.modelNotFound('session.model', 'nobody/nothing');
      if (JSON.stringify(session).includes('Nobody')) throw errors.invalid('session.audio.output.voice', 'There is no such voice.');
      if (session['model'] === 'our/fault') throw new Error('a secret of the house');
      return { id: 'sess_1', object: 'realtime.session', type: 'realtime', voice: 'Dennis', ...session };
    },
    beta: {
      toGa: ({ voice: flatVoice, ...rest }, type) => ({ ...rest, type, audio: { output: { voice: flatVoice } } }),
      toBeta: (session) => ({ ...session, flat: true }),
      toBetaParam: (param) => param.replace('audio.output.voice', 'voice'),
    },
    voices: () => voices,
    models: () => [
      { id: 'offline/assistant', provider: 'offline', kind: 'llm' },
      { id: 'google-ai-studio/gemini-2.5-flash', provider: 'google-ai-studio', kind: 'llm', created: 1_600_000_000 },
    ],
    ...more,
  };
  const app = createHttp({ tls: undefined, corsOrigins: ['*'], version: '0', health: () => ({ ready: true, detail: {} }) });
  registerRoutes(app, deps);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const authorization = { authorization: `Bearer ${key.credential}` };
  return {
    url,
    deps,
    clock,
    access,
    reception,
    key,
    asked,
    wishes,
    calls,
    phones,
    makeKey: (workspace: string) => makeKey(issuing, { name: '', workspace }),
    revoke: () => revokeKey(issuing, key.id),
    async get(path: string, headers: Record<string, string> = authorization) {
      const response = await fetch(`${url}${path}`, { headers });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
    async post(path: string, body: unknown, headers: Record<string, string> = authorization) {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
    async close() {
      await app.close();
      await close();
    },
  };
}
