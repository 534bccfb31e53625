// The real server in this process, on a port of its own: real engines whose packages all runs share, or scripted ones, plain or TLS.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { assemble, type ParleyServer } from '../../../src/assemble.ts';
import { readConfig } from '../../../src/config.ts';
import { type Log, silentLog } from '../../../src/lib/log.ts';
import { recordWhatIsSent } from '../../decoders/recording.ts';
import { recordingSettings } from '../../tapes/recorded.ts';
import { makeCertificate } from './certificate.ts';

export const apiKey = 'e2e-key-0123456789';

export interface ServerOptions {
  /** `real`: those that need no models. `neural`: those that do; a test asks `hasNeuralEngines` first. */
  engines: 'real' | 'neural' | 'scripted';
  tls?: boolean;
  /** Settings by the names of the environment variables. */
  settings?: Record<string, string>;
  /** How long a session may live: shorter than any setting allows. */
  sessionMs?: number;
  log?: Log;
  /** Whether what it sends is to be decoded by other languages: not when clients ask for whatever there is, by chance. */
  recorded?: boolean;
}

export interface RunningServer {
  readonly server: ParleyServer;
  /** `http://127.0.0.1:40123`, or https. */
  readonly http: string;
  /** The same as ws or wss. */
  readonly ws: string;
  /** Where the server keeps its own things. */
  readonly dataDir: string;
  /** The server's certificate, when it has one. */
  readonly certificate: string | undefined;
  close(): Promise<void>;
}

const repository = resolve(import.meta.dirname, '../../..');
const scripted = { PARLEY_STT: 'scripted', PARLEY_TTS: 'scripted', PARLEY_LLM: 'scripted', PARLEY_TURN: 'lexical' };

export async function startServer({
  engines,
  tls = false,
  settings = {},
  sessionMs,
  log = silentLog,
  recorded = true,
}: ServerOptions): Promise<RunningServer> {
  if (recorded) recordWhatIsSent();
  // A folder without a parley.json, for whatever must not be shared.
  const folder = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
  // Packages are fetched once for all runs; scripted engines fetch nothing.
  const dataDir = engines === 'scripted' ? folder : resolve(repository, process.env['PARLEY_DATA_DIR'] ?? '.parley');
  const certificate = tls ? await makeCertificate(folder) : undefined;
  const config = readConfig(
    {
      PORT: '0',
      PARLEY_API_KEY: apiKey,
      // The page of this machine is let in, as without a key that is set.
      PARLEY_CONSOLE: 'local',
      PARLEY_DATA_DIR: dataDir,
      ...recordingSettings(),
      ...(engines === 'scripted' ? scripted : {}),
      ...(engines === 'neural' ? {} : { PARLEY_MODELS: 'off' }),
      ...(tls ? { PARLEY_TLS_CERT: join(folder, 'cert.pem'), PARLEY_TLS_KEY: join(folder, 'key.pem') } : {}),
      ...settings,
    },
    folder,
  );
  const server = await assemble(sessionMs === undefined ? config : { ...config, sessionMs }, log, () => {});
  for (const { info, problem, works } of server.engines) if (!works) throw new Error(`${info.name} cannot be had: ${problem}`);
  return {
    server,
    http: server.address,
    ws: server.address.replace(/^http/, 'ws'),
    dataDir,
    certificate,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes every client in this process trust the certificate, as an operating system's store would. */
export function trust(certificate: string | undefined): void {
  setDefaultCACertificates([...getCACertificates('default'), certificate ?? '']);
}
