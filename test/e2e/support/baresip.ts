// baresip as somebody's telephone: its microphone is a file, which may be another one during the call, and what it hears is a file that grows.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../../../src/media/resample.ts';
import { wavHeader, writeWav } from '../../../src/media/wav.ts';
import { rateHz } from './speech.ts';

/** Of G.711, which is all that it offers. */
const lineHz = 8000;
/** A file of the microphone's ends with so much silence: longer than any call, because its end is the microphone's end. */
const roomSeconds = 60;

export interface BaresipOptions {
  readonly uri: string;
  readonly transport: 'udp' | 'tls';
  /** Encrypts its sound, or makes no call. */
  readonly srtp?: boolean;
  /** What it shows when it is asked for a password. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** A free TCP port for what it is told during the call. */
  readonly controlPort: number;
}

export class Baresip {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #controlPort: number;
  #control: Socket | undefined;
  #files = 0;
  output = '';

  constructor({ uri, transport, srtp = false, credentials, controlPort }: BaresipOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'baresip-'));
    this.#controlPort = controlPort;
    // An account can only name a way to encrypt that is there already.
    const modules = [...(srtp ? ['srtp'] : []), 'account', 'contact', 'menu', 'g711', 'aufile', 'sndfile', 'ctrl_tcp'];
    const config = [
      'module_path /usr/lib/baresip/modules',
      'sip_listen 127.0.0.1:0',
      `audio_source aufile,${this.#file(new Int16Array(0))}`,
      `snd_path ${this.#folder}`,
      `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
      ...modules.map((name) => `module ${name}.so`),
      '',
    ];
    writeFileSync(join(this.#folder, 'config'), config.join('\n'));
    const password = credentials ? `;auth_user=${credentials.username};auth_pass=${credentials.password}` : '';
    const account = `<sip:phone@127.0.0.1;transport=${transport}>;regint=0${password}${srtp ? ';mediaenc=srtp-mand' : ''}\n`;
    writeFileSync(join(this.#folder, 'accounts'), account);
    writeFileSync(join(this.#folder, 'contacts'), '');
    this.#child = spawn('baresip', ['-f', this.#folder, '-e', `/dial ${uri}`], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      env: { ...process.env, HOME: this.#folder, TERM: 'dumb' },
    });
    const keep = (text: Buffer) => {
      this.output = (this.output + text.toString('latin1')).slice(-20_000);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#ended = once(this.#child, 'close');
  }

  /** Says this from now on, and nothing after it; what it was saying is broken off. */
  async speak(samples: Int16Array): Promise<void> {
    if (!this.#control) {
      this.#control = connect(this.#controlPort, '127.0.0.1');
      this.#control.resume();
      await once(this.#control, 'connect');
    }
    const command = JSON.stringify({ command: 'ausrc', params: `aufile,${this.#file(samples)}` });
    this.#control.write(`${Buffer.byteLength(command)}:${command},`);
  }

  /** What has come until now, at 24 kHz. */
  get heard(): Int16Array {
    const name = readdirSync(this.#folder).find((each) => each.endsWith('-dec.wav'));
    if (name === undefined) return new Int16Array(0);
    // While it is written its head does not say how long it is.
    const bytes = readFileSync(join(this.#folder, name)).subarray(wavHeader({ rateHz: lineHz, channels: 1 }).length);
    const samples = Int16Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readInt16LE(index * 2));
    return resample({ samples, rateHz: lineHz }, rateHz).samples;
  }

  /** Hangs up, as it does when it is ended, and goes. */
  async hangUp(): Promise<void> {
    this.#control?.destroy();
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGINT');
    await this.#ended;
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true });
  }

  #file(samples: Int16Array): string {
    const path = join(this.#folder, `said-${this.#files++}.wav`);
    const sound = resample({ samples, rateHz }, lineHz).samples;
    const whole = new Int16Array(sound.length + roomSeconds * lineHz);
    whole.set(sound);
    writeFileSync(path, writeWav({ samples: whole, rateHz: lineHz }));
    return path;
  }
}
