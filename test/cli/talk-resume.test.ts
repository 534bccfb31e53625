// The terminal client over a line that is cut: the conversation goes on by itself, with nothing lost, and ends with what went wrong where it cannot.
import { once } from 'node:events';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { RealtimeConnection } from '../../src/cli/talk-connection.ts';
import { Said } from '../../src/cli/talk-said.ts';
import { talk } from '../../src/cli/talk.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { CutLine } from '../e2e/support/cut-line.ts';
import { openaiPath } from '../e2e/support/client.ts';
import { apiKey, type RunningServer, startServer } from '../e2e/support/server.ts';

const whole =
  'This is a scripted reply that says nothing of use. It only keeps an even pace so delays can show. Every word of it comes when the script has planned.';
let running: RunningServer;
let line: CutLine;

beforeAll(async () => {
  running = await startServer({ engines: 'scripted', settings: { PARLEY_SCRIPTED: 'stt=5,llm=50,rate=60,tokens=30,tts=5' } });
  line = await CutLine.open(Number(new URL(running.http).port));
});
afterAll(async () => {
  await line.close();
  await running.close();
});

function run(...argv: string[]) {
  const shown = { out: '', err: '' };
  const ended = talk(['--url', `ws://127.0.0.1:${line.port}${openaiPath}`, '--key', apiKey, ...argv], {
    env: {},
    folder: running.dataDir,
    out: { write: (text) => (shown.out += text) },
    err: { write: (text) => (shown.err += text) },
    clock: systemClock,
    signal: new AbortController().signal,
  });
  return { shown, ended };
}

test('a line that is cut in the middle of an answer, and again, costs no word of it, and it is said that it happened', async () => {
  const { shown, ended } = run('--text', 'hello');
  await vi.waitFor(() => expect(shown.out).toContain('connected'), { timeout: 5000 });
  for (let cut = 0; cut < 3; cut++) {
    await pass(120);
    line.cut();
  }
  expect(await ended).toBe(0);
  expect(shown.out).toContain(whole);
  expect(shown.out.match(/the connection broke; taking the conversation up again/g)).toHaveLength(3);
  expect(shown.out.match(/connected again; the conversation goes on/g)).toHaveLength(3);
});

test('a session that says that its end is near is taken up for another life', async () => {
  const resume = { token: 'token_1', seconds: 30 };
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const asked: { resume: string | null; lastEvent: string | null; token: unknown }[] = [];
  server.on('connection', (socket, request) => {
    const query = new URL(request.url ?? '', 'ws://127.0.0.1').searchParams;
    const send = (event: object) => socket.send(JSON.stringify(event));
    asked.push({ resume: query.get('resume'), lastEvent: query.get('last_event'), token: request.headers['parley-resume-token'] });
    if (asked.length === 1) {
      send({ type: 'session.created', event_id: 'event_1', session: { id: 'sess_1', parley: { resume } } });
      send({ type: 'session.updated', event_id: 'event_2', session: { id: 'sess_1', parley: { expires_in_seconds: 60 } } });
    } else {
      const received = { events: 0, audio_bytes: 0 };
      send({ type: 'session.resumed', event_id: 'event_3', session_id: 'sess_1', resume: { token: 'token_2', seconds: 30 }, received });
    }
  });
  const remarks: string[] = [];
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const connection = await RealtimeConnection.connect({
    url: new URL(`ws://127.0.0.1:${port}/v1/realtime`),
    authorization: undefined,
    insecure: false,
    clock: systemClock,
    timeoutMs: 5000,
    signal: new AbortController().signal,
    remark: (text) => remarks.push(text),
  });
  await vi.waitFor(() => expect(remarks).toHaveLength(2), { timeout: 5000 });
  expect(remarks[0]).toContain('longest life');
  expect(remarks[1]).toContain('connected again');
  expect(asked[1]).toEqual({ resume: 'sess_1', lastEvent: 'event_2', token: 'token_1' });
  await connection.close();
  for (const client of server.clients) client.terminate();
  server.close();
});

test('what the server has had is not said again, sound and events apart, also where the oldest is not kept any more', () => {
  const said = new Said();
  for (const [text, soundBytes] of [
    ['update', 0],
    ['sound 1', 100],
    ['sound 2', 100],
    ['commit', 0],
    ['create', 0],
  ] as const)
    said.add(text, soundBytes);
  expect(said.after({ events: 0, soundBytes: 0 })).toHaveLength(5);
  expect(said.after({ events: 1, soundBytes: 100 })).toEqual(['sound 2', 'commit', 'create']);
  expect(said.after({ events: 3, soundBytes: 200 })).toEqual([]);
  for (let n = 0; n < 9; n++) said.add(`${n}`.repeat(1024 * 1024), 700_000);
  // Eight of nine fit, and nothing of what was before.
  expect(said.after({ events: 3, soundBytes: 200 + 5 * 700_000 }).map(([first]) => first)).toEqual(['5', '6', '7', '8']);
});
