// A server that takes the telephone calls of the benchmark: by SIP over UDP and TLS, and as Twilio's media streams.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicUrl, twilioToken } from '../test/e2e/support/telephone-line.ts';
import { makeCertificate } from '../test/e2e/support/certificate.ts';
import { SILENCE_MS } from './caller.ts';
import { freePort, ServerProcess } from './server.ts';
import type { ClockOffsetMs, Kept, ServerQuestion } from './telephone-scripted.ts';

export interface TelephoneServer {
  readonly server: ServerProcess;
  readonly http: string;
  /** `127.0.0.1:5060`; that of TLS where it was asked for. */
  readonly sipAt: string;
  /** Where the tapes of its sessions are, once it was stopped. */
  readonly tapes: string;
  clockOffsetMs(): Promise<ClockOffsetMs>;
  kept(): Promise<Kept>;
  stop(): Promise<void>;
  /** Throws away what it has written. */
  tidy(): void;
}

const input = { transcription: { model: 'bench' }, turn_detection: { type: 'server_vad', silence_duration_ms: SILENCE_MS } };

/** On the first core. `secure`: SIP over TLS, which SRTP wants. */
export async function startTelephoneServer({
  secure = false,
  recorded = false,
}: {
  readonly secure?: boolean;
  readonly recorded?: boolean;
} = {}): Promise<TelephoneServer> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-telephone-bench-'));
  const sipAt = `127.0.0.1:${secure ? await freePort() : await freeUdpPort()}`;
  const tapes = join(folder, 'tapes');
  const telephony = {
    public_url: publicUrl,
    carriers: { twilio: { account_sid: 'AC1', auth_token: twilioToken } },
    routes: [{ name: 'talk', numbers: ['*'], session: { type: 'realtime', audio: { input } }, overridable: ['instructions'] }],
    sip: { listen: [`${secure ? 'tls' : 'udp'}:${sipAt}`], trunks: [{ name: 'callers', addresses: ['127.0.0.1'] }] },
  };
  writeFileSync(join(folder, 'telephony.json'), JSON.stringify(telephony));
  if (secure) await makeCertificate(folder);
  const server = await ServerProcess.start({
    engines: 'scripted',
    core: 0,
    script: join(import.meta.dirname, 'telephone-scripted.ts'),
    settings: {
      PARLEY_TELEPHONY: join(folder, 'telephony.json'),
      PARLEY_MAX_SIP_CALLS: '100000',
      ...(recorded ? { PARLEY_RECORD: tapes } : {}),
      ...(secure ? { PARLEY_TLS_CERT: join(folder, 'cert.pem'), PARLEY_TLS_KEY: join(folder, 'key.pem') } : {}),
    },
  });
  const ask = (question: ServerQuestion) => server.ask(question);
  return {
    server,
    http: `http://127.0.0.1:${server.port}`,
    sipAt,
    tapes,
    clockOffsetMs: () => ask('clock') as Promise<ClockOffsetMs>,
    kept: () => ask('kept') as Promise<Kept>,
    stop: () => server.stop(),
    tidy: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
