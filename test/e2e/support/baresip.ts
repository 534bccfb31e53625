// baresip as somebody's telephone: its microphone is a file, which may be another one during the call, and what it hears is a file that grows.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../../../src/media/resample.ts';
import { wavHeader, writeStereoWav, writeWav } from '../../../src/media/wav.ts';
import type { RealTelephone, TelephoneOptions } from './real-telephone.ts';
import { rateHz } from './speech.ts';
import { freePort } from './telephone-server.ts';

/** A file of the microphone's ends with so much silence: longer than any call, because its end is the microphone's end. */
const roomSeconds = 60;
const codecs = {
  PCMU: { name: 'PCMU/8000/1', hz: 8000, channels: 1 },
  PCMA: { name: 'PCMA/8000/1', hz: 8000, channels: 1 },
  opus: { name: 'opus/48000/2', hz: 48_000, channels: 2 },
} as const;

export class Baresip implements RealTelephone {
  readonly uri: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'baresip-'));
  readonly #options: TelephoneOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #controlPort: number;
  #control: Socket | undefined;
  #files = 0;
  output = '';

  /** Calls `options.uri`, or waits to be called where there is none. */
  static async open(options: TelephoneOptions): Promise<Baresip> {
    return new Baresip(options, await freePort(), await freePort());
  }

  private constructor(options: TelephoneOptions, controlPort: number, port: number) {
    const { uri, transport, codec, srtp = false, credentials } = options;
    this.#options = options;
    this.#controlPort = controlPort;
    this.uri = `sip:phone@127.0.0.1:${port}`;
    // An account can only name a codec and a way to encrypt that are there already.
    const modules = [
      codec === 'opus' ? 'opus' : 'g711',
      ...(srtp ? ['srtp'] : []),
      'account',
      'contact',
      'menu',
      'aufile',
      'sndfile',
      'ctrl_tcp',
    ];
    const config = [
      'module_path /usr/lib/baresip/modules',
      `sip_listen 127.0.0.1:${uri === undefined ? port : 0}`,
      `audio_source aufile,${this.#file(new Int16Array(0))}`,
      `snd_path ${this.#folder}`,
      `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
      ...modules.map((name) => `module ${name}.so`),
      '',
    ];
    writeFileSync(join(this.#folder, 'config'), config.join('\n'));
    const account = [
      `<sip:phone@127.0.0.1;transport=${transport}>`,
      'regint=0',
      ...(credentials ? [`auth_user=${credentials.username}`, `auth_pass=${credentials.password}`] : []),
      `audio_codecs=${codecs[codec].name}`,
      ...(srtp ? ['mediaenc=srtp-mand'] : []),
      ...(uri === undefined ? ['answermode=auto'] : []),
    ];
    writeFileSync(join(this.#folder, 'accounts'), `${account.join(';')}\n`);
    writeFileSync(join(this.#folder, 'contacts'), '');
    this.#child = spawn('baresip', ['-f', this.#folder, ...(uri === undefined ? [] : ['-e', `/dial ${uri}`])], {
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

  speak(samples: Int16Array): Promise<void> {
    return this.#tell('ausrc', `aufile,${this.#file(samples)}`);
  }

  async press(keys: string): Promise<void> {
    for (const key of keys) await this.#tell('sndcode', key);
  }

  hold(): Promise<void> {
    return this.#tell('hold');
  }

  resume(): Promise<void> {
    return this.#tell('resume');
  }

  transfer(uri: string): Promise<void> {
    return this.#tell('transfer', uri);
  }

  get pressed(): string {
    return [...this.output.matchAll(/received event: '(.)' \(end=1\)/g)].map(([, key]) => key).join('');
  }

  /** After a hold it writes nothing more down, whoever it talks with. */
  get heard(): Int16Array {
    const { hz, channels } = codecs[this.#options.codec];
    // It begins another file with each change of the session. While one is written its head does not say how long it is.
    const names = readdirSync(this.#folder).filter((each) => each.endsWith('-dec.wav'));
    const headBytes = wavHeader({ rateHz: hz, channels }).length;
    const bytes = Buffer.concat(names.toSorted().map((name) => readFileSync(join(this.#folder, name)).subarray(headBytes)));
    const samples = Int16Array.from({ length: Math.floor(bytes.length / 2 / channels) }, (_, at) => bytes.readInt16LE(at * 2 * channels));
    return resample({ samples, rateHz: hz }, rateHz).samples;
  }

  /** Hangs up, as it does when it is ended, and goes. */
  async hangUp(): Promise<void> {
    this.#control?.destroy();
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGINT');
    await this.#ended;
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #tell(command: string, params?: string): Promise<void> {
    if (!this.#control) {
      this.#control = connect(this.#controlPort, '127.0.0.1');
      this.#control.resume();
      await once(this.#control, 'connect');
    }
    const text = JSON.stringify({ command, ...(params === undefined ? {} : { params }) });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
  }

  #file(samples: Int16Array): string {
    const path = join(this.#folder, `said-${this.#files++}.wav`);
    const { hz, channels } = codecs[this.#options.codec];
    const sound = resample({ samples, rateHz }, hz).samples;
    const whole = new Int16Array(sound.length + roomSeconds * hz);
    whole.set(sound);
    writeFileSync(path, channels === 1 ? writeWav({ samples: whole, rateHz: hz }) : writeStereoWav(whole, whole, hz));
    return path;
  }
}
