// Null in a body stands for a field that is not given, and no body at all for an empty one.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpRig } from './rig.ts';

let rig: Awaited<ReturnType<typeof httpRig>>;
beforeAll(async () => {
  rig = await httpRig();
});
afterAll(() => rig.close());

const life = { anchor: 'created_at', seconds: 60 };
const session = { type: 'realtime', instructions: 'Be brief.' };
/** Bodies with all their own fields; what a session holds is the session's (test/protocol/nulls.test.ts). */
const bodies: readonly (readonly [path: string, body: Record<string, unknown>, required: readonly string[]])[] = [
  ['/v1/realtime/client_secrets', { expires_after: life, session }, []],
  ['/v1/realtime/sessions', { client_secret: { expires_after: life, expires_at: life }, voice: 'Clive' }, []],
  ['/v1/realtime/transcription_sessions', { client_secret: { expires_after: life, expires_at: life } }, []],
  ['/v1/realtime/calls', { sdp: 'v=0', session }, ['sdp']],
  ['/v1/realtime/webrtc', { sdp: 'v=0', sessionConfig: session }, ['sdp']],
];

type Body = Record<string, unknown>;

/** The paths of the body's own fields; not into a session. */
function fieldsOf(body: Body, around: readonly string[] = []): string[][] {
  return Object.entries(body).flatMap(([key, inner]) => {
    const path = [...around, key];
    const own = typeof inner === 'object' && inner !== null && !key.startsWith('session');
    return [path, ...(own ? fieldsOf(inner as Body, path) : [])];
  });
}

function changed(body: Body, path: readonly string[], change: (holder: Body, key: string) => void): Body {
  const copy = structuredClone(body);
  const holder = path.slice(0, -1).reduce((inner, key) => inner[key] as Body, copy);
  change(holder, path.at(-1) ?? '');
  return copy;
}

const rows = bodies.flatMap(([path, body, required]) =>
  fieldsOf(body).map((field) => [path, field.join('.'), body, field, required.includes(field.join('.'))] as const),
);

test.each(rows)('POST %s with %s: null is answered as a field that is not there', async (path, _name, body, field, isRequired) => {
  const answered = async (what: Body) => (await rig.post(path, what)).status;
  const status = await answered(changed(body, field, (holder, key) => (holder[key] = null)));
  expect(status).toBe(await answered(changed(body, field, (holder, key) => delete holder[key])));
  expect(status < 300).toBe(!isRequired);
});

describe('P2: a POST that names JSON as its type and has no body', () => {
  const send = (path: string, body?: string) =>
    fetch(`${rig.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${rig.key.credential}` },
      ...(body === undefined ? {} : { body }),
    });

  test.each([['/v1/realtime/client_secrets'], ['/v1/realtime/sessions'], ['/v1/realtime/transcription_sessions']])(
    'to %s asks for nothing in particular',
    async (path) => {
      for (const body of [undefined, '', ' \n']) expect((await send(path, body)).status).toBe(200);
    },
  );

  test('hangs a call up', async () => {
    await rig.post('/v1/realtime/calls', { sdp: 'v=0' });
    expect((await send('/v1/realtime/calls/rtc_1/hangup')).status).toBe(200);
    expect((await send('/v1/realtime/calls/rtc_none/hangup')).status).toBe(404);
  });

  test('is told what it lacks where something is needed', async () => {
    for (const path of ['/v1/realtime/calls', '/v1/realtime/webrtc']) {
      const answer = await send(path);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain('sdp');
    }
  });

  test('and one whose body is no JSON is still refused', async () => {
    expect((await send('/v1/realtime/client_secrets', '{"session":')).status).toBe(400);
  });
});
