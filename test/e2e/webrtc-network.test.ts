// Calls over networks as they are: through a relay, over UDP and TCP, and with datagrams that are lost and late.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBadNetwork } from './support/bad-network.ts';
import { findChromium } from './support/browser.ts';
import { dialReference, heardLikeness } from './support/reference-page.ts';
import { type RunningServer, startServer } from './support/server.ts';
import { overlap, say } from './support/speech.ts';

vi.setConfig({ testTimeout: 90_000 });

const chromium = findChromium();
const leave: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const task of leave.splice(0).toReversed()) await task();
});

function findTurnServer(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'turnserver'));
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) process.stderr.write('\n  SKIPPED: no turnserver found; install coturn to try calls through a relay.\n\n');
  return found;
}

/** A port that nobody has at this moment. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

describe('a relay', () => {
  const turnServer = findTurnServer();
  const secret = 'shared-with-the-relay';
  // A relay is not let in on the loopback address by those who look for callers.
  const host =
    Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address ?? '127.0.0.1';
  let relay: ChildProcess;
  let port: number;
  let running: RunningServer;

  beforeAll(async () => {
    if (turnServer === undefined) return;
    port = await freePort();
    const flags = `-n --no-cli --no-tls --no-dtls --realm=parley --use-auth-secret --static-auth-secret=${secret} --listening-ip=${host} --listening-port=${port} --allow-loopback-peers --log-file=stdout --pidfile=/dev/null`;
    relay = spawn(turnServer, flags.split(' '), { stdio: 'ignore' });
    running = await startServer({
      engines: 'real',
      settings: {
        PARLEY_TURN_URLS: `turn:${host}:${port}?transport=udp,turn:${host}:${port}?transport=tcp`,
        PARLEY_TURN_SECRET: secret,
      },
    });
  });
  afterAll(async () => {
    await running?.close();
    relay?.kill();
  });

  test.skipIf(chromium === undefined || turnServer === undefined).each(['udp', 'tcp'])('E14: carries a call over %s', async (protocol) => {
    // The page is told of both; this one can only use the one.
    const servers = (await (
      await fetch(`${running.http}/v1/realtime/ice-servers`, { headers: { Authorization: 'Bearer e2e-key-0123456789' } })
    ).json()) as { ice_servers: { urls: string[]; username: string; credential: string }[] };
    const [turn] = servers.ice_servers;
    const iceServers = [{ ...turn, urls: turn?.urls.filter((url) => url.endsWith(protocol)) }];
    const { stage, id } = await dialReference(chromium ?? '', running, { peer: { iceTransportPolicy: 'relay', iceServers }, gather: true });
    leave.push(() => stage.close());
    await stage.speak(await say(running.server, 'What can you do?'));
    await stage.log.wait('output_audio_buffer.stopped');
    const [asked] = stage.log.of('conversation.item.input_audio_transcription.completed');
    expect(overlap('what can you do', String(asked?.['transcript']))).toBeGreaterThanOrEqual(0.75);
    const [answer] = stage.log.of('response.output_audio_transcript.done');
    expect(await heardLikeness(running, stage, id, answer?.['item_id'])).toBeGreaterThan(0.92);
    const used = await stage.page.evaluate(async () => {
      const { peer } = globalThis as unknown as { peer: { getStats(): Promise<Map<string, Record<string, unknown>>> } };
      const stats = [...(await peer.getStats()).values()];
      const pair = stats.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated === true && state === 'succeeded');
      const local = stats.find(({ id }) => id === pair?.['localCandidateId']);
      return { kind: local?.['candidateType'], protocol: local?.['relayProtocol'] };
    });
    expect(used).toEqual({ kind: 'relay', protocol });
  });
});

describe.skipIf(chromium === undefined)('a bad network', () => {
  let running: RunningServer;
  beforeAll(async () => {
    running = await startServer({ engines: 'real' });
  });
  afterAll(() => running.close());

  test('that loses one datagram in twenty and is up to 30 ms late costs no more than a word or two, and nothing stalls', async () => {
    const network = await openBadNetwork(running.http, { loss: 0.05, jitterMs: 30, seed: 7 });
    leave.push(() => network.close());
    const { stage, id } = await dialReference(chromium ?? '', { http: network.http });
    leave.push(() => stage.close());
    for (const question of ['What can you do?', 'Tell me what time it is.']) {
      const mark = stage.log.mark;
      await stage.speak(await say(running.server, question));
      await stage.log.wait('output_audio_buffer.stopped', mark);
      const asked = await stage.log.wait('conversation.item.input_audio_transcription.completed', mark);
      expect(overlap(question, String(asked['transcript']))).toBeGreaterThanOrEqual(0.6);
    }
    const answers = stage.log.of('response.output_audio_transcript.done');
    expect(answers).toHaveLength(2);
    for (const answer of answers) expect(await heardLikeness(running, stage, id, answer['item_id'])).toBeGreaterThan(0.87);
    expect(network.counts.lost).toBeGreaterThan(20);
    expect(network.counts.lost / (network.counts.lost + network.counts.passed)).toBeGreaterThan(0.03);
  });
});
