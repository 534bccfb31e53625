// The terminal client as its user meets it: a command line in, a conversation over a real socket, words, a file and an exit code out.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startScriptedServer, type Script, type ScriptedServer } from './scripted-server.ts';
import { talk } from '../../src/cli/talk.ts';
import { objectOf } from '../../src/cli/talk-events.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { concat, durationMs } from '../../src/media/pcm.ts';
import { readWav, writeWav } from '../../src/media/wav.ts';

let folder: string;
let server: ScriptedServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talk-'));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server?.close();
  server = undefined;
});

/** Loud and quiet stretches, in milliseconds, one after the other. */
function sound(...stretchesMs: number[]): Int16Array {
  return concat(
    stretchesMs.map((ms, index) => Int16Array.from({ length: ms * 24 }, (_, at) => (index % 2 === 0 ? Math.sin(at / 8) * 9000 : 0))),
  );
}

function wav(name: string, ...stretchesMs: number[]): string {
  writeFileSync(join(folder, name), writeWav({ samples: sound(...stretchesMs), rateHz: 24_000 }));
  return name;
}

async function run(script: Script, argv: string[], signal = new AbortController().signal) {
  server = await startScriptedServer(script);
  return runAt(server.url, argv, signal);
}

async function runAt(url: string, argv: string[], signal = new AbortController().signal, env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const code = await talk(['--url', url, ...argv], {
    env,
    folder,
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    clock: systemClock,
    signal,
  });
  return { code, out, err, call: server?.calls[0] };
}

describe('a spoken question', () => {
  test('is streamed at the pace of speech and on into silence until the server has heard its end; the answer is shown and saved', async () => {
    const began = performance.now();
    const { code, out, call } = await run({}, [wav('question.wav', 300), '--out', 'answer.wav']);
    const tookMs = performance.now() - began;

    expect(code).toBe(0);
    expect(out).toMatch(/^you +polly wants a cracker$/m);
    expect(out).toMatch(/^agent +answer 0$/m);
    expect(out).toMatch(/end of speech → transcript \d+ ms → first token \d+ ms → first audio \d+ ms → done \d+ ms/);
    expect(durationMs(readWav(readFileSync(join(folder, 'answer.wav'))))).toBe(100);
    expect(call?.story).toEqual(['session.update', 'input_audio_buffer.append']);
    // 300 ms of speech and the 200 ms of silence that this server asks for, no faster than they can be spoken.
    const appends = call?.received.filter((event) => event['type'] === 'input_audio_buffer.append') ?? [];
    expect(appends.length).toBeGreaterThanOrEqual(25);
    expect(appends.length).toBeLessThanOrEqual(50);
    expect(tookMs).toBeGreaterThan(490);
    await expect.poll(() => call?.closeCode).toBe(1000);
  });

  test('has its latency counted from the last loud sample, not from the end of the file', async () => {
    const { out, call } = await run({ silenceMs: 300 }, [wav('question.wav', 200, 600)]);
    const transcriptMs = Number(/transcript (\d+) ms/.exec(out)?.[1]);
    // The server's own count, since a busy machine makes the pauses of speech shorter or longer than they are in the file. That file ends 300 ms later.
    const { quietBeforeCommitMs = Number.NaN } = call ?? {};
    expect(quietBeforeCommitMs).toBeGreaterThan(150);
    expect(Math.abs(transcriptMs - quietBeforeCommitMs)).toBeLessThan(100);
  });

  test('with a long pause in it is two turns to the server; the client waits for the answer to the last', async () => {
    const respond: Script['respond'] = (call, n) => {
      call.say(n, `answer ${n}`, 2000);
      if (n === 1) call.done(n);
    };
    const on: Script['on'] = (call, event) => {
      if (event['type'] === 'conversation.item.truncate')
        call.done(0, { status: 'cancelled', status_details: { reason: 'turn_detected' } });
      return false;
    };
    const { code, out, call } = await run({ respond, on }, [wav('question.wav', 200, 400, 200), '--out', 'answer.wav']);

    expect(code).toBe(0);
    expect(out.match(/^agent .*/gm)).toEqual(['agent  answer 0', 'agent  answer 1']);
    const truncate = call?.received.find((event) => event['type'] === 'conversation.item.truncate');
    expect(truncate).toMatchObject({ item_id: 'item_a0', content_index: 0 });
    // What came of the answer before the second half began was heard, and saved: 200 ms of it where the machine has time for the pace of the file.
    const heardMs = Number(truncate?.['audio_end_ms']);
    const untilSpeechMs =
      (call?.sentAt('input_audio_buffer.speech_started', 1) ?? 0) - (call?.sentAt('response.output_audio.delta', 0) ?? 0);
    expect(heardMs).toBeGreaterThan(50);
    expect(Math.abs(heardMs - untilSpeechMs)).toBeLessThan(100);
    const savedMs = durationMs(readWav(readFileSync(join(folder, 'answer.wav'))));
    expect(Math.abs(savedMs - 2000 - heardMs)).toBeLessThan(2);
  });

  test('is committed by the client where turn detection is off', async () => {
    const { code, call } = await run({}, [wav('question.wav', 200), '--turn-detection', 'none']);
    expect(code).toBe(0);
    expect(call?.story).toEqual(['session.update', 'input_audio_buffer.append', 'input_audio_buffer.commit', 'response.create']);
    expect(call?.received.filter((event) => event['type'] === 'input_audio_buffer.append')).toHaveLength(10);
  });

  test('that the server takes for silence ends with code 3 and says so', async () => {
    const { code, err } = await run({}, [wav('hush.wav', 0, 100), '--timeout', '1']);
    expect(code).toBe(3);
    expect(err).toContain('took nothing in hush.wav for speech within 1 seconds');
  });
});

describe('several turns', () => {
  test('are taken in the order typed, and a spoken one waits until the answer before it would have been heard', async () => {
    const appendAt: number[] = [];
    let answeredAt = 0;
    const respond: Script['respond'] = (call, n) => {
      call.say(n, `answer ${n}`, 500);
      call.done(n);
      if (n === 0) answeredAt = performance.now();
    };
    const on: Script['on'] = (_call, event) => {
      if (event['type'] === 'input_audio_buffer.append') appendAt.push(performance.now());
      return false;
    };
    const { code, out, call } = await run({ respond, on }, ['--text', 'Hello', wav('next.wav', 100), '--text', 'Bye', '--out', 'all.wav']);

    expect(code).toBe(0);
    expect(out.match(/^(you|agent) .*/gm)).toEqual([
      'you    Hello',
      'agent  answer 0',
      'you    polly wants a cracker',
      'agent  answer 1',
      'you    Bye',
      'agent  answer 2',
    ]);
    expect((appendAt[0] ?? 0) - answeredAt).toBeGreaterThan(750);
    expect(durationMs(readWav(readFileSync(join(folder, 'all.wav'))))).toBe(1500);
    expect(call?.story.slice(1, 3)).toEqual(['conversation.item.create', 'response.create']);
  });
});

describe('the settings', () => {
  test('asked for on the command line are in session.update, and nothing else is', async () => {
    writeFileSync(join(folder, 'tools.json'), '[{"type":"function","name":"look","parameters":{}}]');
    const argv = ['--text', 'Hi', '--voice', 'ada', '--instructions', 'Be brief.', '--speed', '1.2', '--rate', '16000'];
    const { call } = await run({}, [...argv, '--turn-detection', 'semantic_vad', '--tools', 'tools.json']);
    expect(call?.received[0]).toMatchObject({
      type: 'session.update',
      session: {
        type: 'realtime',
        instructions: 'Be brief.',
        tools: [{ name: 'look' }],
        audio: {
          input: { format: { type: 'audio/pcm', rate: 16_000 }, transcription: {}, turn_detection: { type: 'semantic_vad' } },
          output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'ada', speed: 1.2 },
        },
      },
    });
    await server?.close();

    const plain = await run({}, ['--text', 'Hi']);
    const session = objectOf(plain.call?.received[0] ?? {}, 'session');
    expect(Object.keys(session)).toEqual(['type', 'output_modalities', 'audio']);
    expect(Object.keys(objectOf(objectOf(session, 'audio'), 'input'))).toEqual(['format', 'transcription']);
  });

  test('that the server refuses end with code 3 and its reason', async () => {
    const on: Script['on'] = (call, event) => {
      if (event['type'] !== 'session.update') return false;
      call.send({ type: 'error', error: { message: 'No such voice.', code: 'invalid_value', param: 'session.audio.output.voice' } });
      return true;
    };
    const { code, err } = await run({ on }, ['--text', 'Hi', '--voice', 'nobody']);
    expect(code).toBe(3);
    expect(err).toBe('The server did not accept the settings: No such voice (invalid_value, session.audio.output.voice).\n');
  });
});

describe('tools', () => {
  test('called by the model are shown, answered after the response is done, and lead to the answer', async () => {
    writeFileSync(join(folder, 'tools.json'), '[{"type":"function","name":"weather","parameters":{}}]');
    const respond: Script['respond'] = (call, n) => {
      if (n > 0) {
        call.say(n, 'It rains.', 50);
        call.done(n);
        return;
      }
      const item = { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' };
      call.send({ type: 'response.output_item.done', response_id: 'resp_0', item });
      call.done(0, { status: 'completed', output: [item] });
    };
    const { code, out, call } = await run({ respond }, ['--text', 'Weather?', '--tools', 'tools.json', '--tool-result', '{"rain":true}']);
    expect(code).toBe(0);
    expect(out).toMatch(/^tool +weather\(\{"city":"Oslo"\}\)\ntool +→ \{"rain":true\}\nagent +It rains\.$/m);
    const outputs = call?.received.filter((event) => objectOf(event, 'item')['type'] === 'function_call_output');
    expect(outputs).toHaveLength(1);
    expect(outputs?.[0]).toMatchObject({ item: { call_id: 'call_1', output: '{"rain":true}' } });
    expect(call?.received.at(-1)).toEqual({ type: 'response.create' });
  });

  test('called for ever end with code 3', async () => {
    const respond: Script['respond'] = (call, n) =>
      call.done(n, { status: 'completed', output: [{ type: 'function_call', call_id: `call_${n}`, name: 'again', arguments: '{}' }] });
    const { code, err } = await run({ respond }, ['--text', 'Go']);
    expect(code).toBe(3);
    expect(err).toContain('called tools 16 times in a row');
  });
});

describe('when it goes wrong', () => {
  test('a failed response is code 3 with the reason', async () => {
    const details = { type: 'failed', error: { type: 'server_error', message: 'The language model is away.' } };
    const respond: Script['respond'] = (call, n) => call.done(n, { status: 'failed', status_details: details });
    const { code, err } = await run({ respond }, ['--text', 'Hi']);
    expect(code).toBe(3);
    expect(err).toBe('The answer failed: The language model is away (server_error).\n');
  });

  test('a server that says nothing more is code 3 after the timeout', async () => {
    const { code, err } = await run({ respond: () => {} }, ['--text', 'Hi', '--timeout', '1']);
    expect(code).toBe(3);
    expect(err).toContain('sent no answer within 1 seconds');
  });

  test('a connection that breaks in the middle is code 3, at once, and what was said is kept', async () => {
    const respond: Script['respond'] = (call, n) => {
      call.say(n, 'I must', 60);
      call.socket.close(1011, 'out of breath');
    };
    const { code, err } = await run({ respond }, ['--text', 'Hi', '--out', 'part.wav']);
    expect(code).toBe(3);
    expect(err).toContain('ended the connection (1011: out of breath)');
    expect(existsSync(join(folder, 'part.wav'))).toBe(true);
  });

  test('nobody at the address is code 1 with advice', async () => {
    const gone = await startScriptedServer();
    await gone.close();
    const { code, err } = await runAt(gone.url, ['--text', 'Hi']);
    expect(code).toBe(1);
    expect(err).toMatch(/^Nothing answers at ws:\/\/127\.0\.0\.1:\d+\/v1\/realtime\. Is the server running\?/);
  });

  test('a certificate nobody vouches for is code 1 with advice, and the advice works', async () => {
    const made = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
    const tls = { key: made.private, cert: made.cert };
    const { code, err } = await run({ tls }, ['--text', 'Hi']);
    expect(code).toBe(1);
    expect(err).toContain('add --insecure');
    expect(await runAt(server?.url ?? '', ['--text', 'Hi', '--insecure'])).toMatchObject({ code: 0 });
    const plainly = await runAt((server?.url ?? '').replace('wss', 'ws'), ['--text', 'Hi']);
    expect(plainly).toMatchObject({ code: 1 });
  });

  test('a wrong key is code 1, a missing one too, each with its own words; the key of the server on this machine is found', async () => {
    const wrong = await run({ authorization: 'Bearer right' }, ['--text', 'Hi', '--key', 'wrong']);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.err).toContain('not accepted (HTTP 401). It says: Incorrect API key provided.');
    const none = await runAt(server?.url ?? '', ['--text', 'Hi']);
    expect(none).toMatchObject({ code: 1 });
    expect(none.err).toContain('No key was sent');
    mkdirSync(join(folder, '.parley'));
    writeFileSync(join(folder, '.parley', 'api-key'), 'right\n');
    expect(await runAt(server?.url ?? '', ['--text', 'Hi'])).toMatchObject({ code: 0 });
    const env = { PARLEY_API_KEY: 'old, right' };
    expect(await runAt(server?.url ?? '', ['--text', 'Hi'], undefined, env)).toMatchObject({ code: 1 });
  });

  test('wrong usage is code 2 before anybody is called', async () => {
    for (const [argv, words] of [
      [[], 'Nothing to say'],
      [['missing.wav'], 'missing.wav cannot be used: there is no such file.'],
      [['--text', 'Hi', '--out', 'no/where.wav'], 'there is no folder'],
      [['--text', 'Hi', '--sped', '1'], 'There is no option --sped. Did you mean --speed?'],
      [['--text', 'Hi', '--tools', '.'], 'it is a folder'],
    ] as const) {
      const { code, err } = await runAt('ws://127.0.0.1:1', [...argv]);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(words) as string });
    }
  });
});

describe('output', () => {
  test('--json is every event of both directions, one a line', async () => {
    const { out } = await run({}, ['--text', 'Hi', '--json']);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { from: string; event?: { type: string } });
    expect(lines[0]).toMatchObject({ from: 'server', event: { type: 'session.created' } });
    expect(lines[1]).toMatchObject({ from: 'client', event: { type: 'session.update' } });
    expect(lines.at(-1)).toMatchObject({ from: 'talk', latency: { from: 'text' } });
    expect(lines.some(({ event }) => event?.type === 'response.output_audio.delta')).toBe(true);
  });

  test('--quiet is the words of the agent alone', async () => {
    const { out } = await run({}, ['--text', 'Hi', '--text', 'Ho', '--quiet', '--out', 'a.wav']);
    expect(out).toBe('answer 0\nanswer 1\n');
  });
});

describe('Ctrl-C', () => {
  test('ends the real program with a clean close and what was heard so far', async () => {
    server = await startScriptedServer({ respond: (call, n) => call.say(n, 'Once upon a', 80) });
    const program = join(import.meta.dirname, '../../src/cli/talk.ts');
    const child = spawn(process.execPath, [program, '--url', server.url, '--text', 'A tale', '--out', 'tale.wav'], { cwd: folder });
    await expect.poll(() => server?.calls[0]?.story.at(-1), { timeout: 10_000 }).toBe('response.create');
    // The words are on their way; the child must have them before it is stopped.
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    await expect.poll(() => out).toContain('Once upon a');
    child.kill('SIGINT');
    const code = await new Promise((resolve) => {
      child.once('close', resolve);
    });
    expect(code).toBe(130);
    await expect.poll(() => server?.calls[0]?.closeCode).toBe(1000);
    expect(durationMs(readWav(readFileSync(join(folder, 'tale.wav'))))).toBe(80);
  });
});
