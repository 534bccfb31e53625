// linphone as somebody's telephone: files are its microphone and its loudspeaker.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../../../src/media/resample.ts';
import { wavHeader, writeWav } from '../../../src/media/wav.ts';
import type { RealTelephone, TelephoneOptions } from './real-telephone.ts';
import { rateHz } from './speech.ts';
import { freePort } from './telephone-server.ts';

const prompt = 'linphonec>';
/** A file of the microphone's ends with so much silence: longer than any call. */
const roomSeconds = 60;
/** The place of each in its list of codecs, and what it records with it: while the file is written, its head says neither how long it is nor this. */
const codecs = { opus: { at: 0, hz: 48_000 }, PCMU: { at: 3, hz: 8000 }, PCMA: { at: 4, hz: 8000 } };
const headBytes = wavHeader({ rateHz, channels: 1 }).length;

export class Linphone implements RealTelephone {
  readonly uri: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'linphone-'));
  readonly #options: TelephoneOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #files = 0;
  output = '';

  /** Calls `options.uri`, or waits to be called where there is none. */
  static async open(options: TelephoneOptions): Promise<Linphone> {
    return new Linphone(options, await freePort());
  }

  private constructor(options: TelephoneOptions, port: number) {
    const { uri, codec, srtp, trusted, credentials } = options;
    this.#options = options;
    this.uri = `sip:phone@127.0.0.1:${port}`;
    // It keeps what it knows about calls here, and fails where the folder is not.
    mkdirSync(join(this.#home, '.local/share/linphone'), { recursive: true });
    const sip = [
      `sip_port=${uri === undefined ? port : -1}`,
      `sip_tcp_port=${uri === undefined ? port : -1}`,
      'sip_tls_port=-1',
      'guess_hostname=0',
      'contact="P" <sip:phone@127.0.0.1>',
      ...(srtp ? ['media_encryption=srtp', 'media_encryption_mandatory=1'] : []),
      ...(trusted === undefined ? [] : [`root_ca=${trusted}`]),
    ];
    const login = credentials && [
      '[auth_info_0]',
      `username=${credentials.username}`,
      `userid=${credentials.username}`,
      `passwd=${credentials.password}`,
      'realm=parley',
      'domain=127.0.0.1',
    ];
    const lines = ['[sip]', ...sip, ...(login ?? []), '[rtp]', 'audio_rtp_port=-1', '[net]', 'enable_ipv6=0', '[video]', 'enabled=0', ''];
    writeFileSync(join(this.#home, 'rc'), lines.join('\n'));
    this.#child = spawn('linphonec', ['-c', join(this.#home, 'rc'), ...(uri === undefined ? ['-a'] : [])], {
      cwd: this.#home,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: 60_000,
      env: { ...process.env, HOME: this.#home },
    });
    const orders = [
      'soundcard use files',
      'codec disable all',
      `codec enable ${codecs[codec].at}`,
      `record ${this.#recording}`,
      `play ${this.#file(new Int16Array(0))}`,
      ...(uri === undefined ? [] : [`call ${uri}`]),
    ];
    let isAsked = false;
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (text: Buffer) => {
      this.output = (this.output + text.toString('latin1')).slice(-20_000);
      if (isAsked || !this.output.includes(prompt)) return;
      isAsked = true;
      void this.#tell(...orders);
    });
    this.#ended = once(this.#child, 'close');
  }

  speak(samples: Int16Array): Promise<void> {
    return this.#tell(`play ${this.#file(samples)}`);
  }

  press(keys: string): Promise<void> {
    return this.#tell(...keys);
  }

  get pressed(): string {
    return [...this.output.matchAll(/Receiving tone (.)/g)].map(([, key]) => key).join('');
  }

  hold(): Promise<void> {
    return this.#tell('pause');
  }

  resume(): Promise<void> {
    // It would begin anew with the file that it was playing.
    return this.#tell(`play ${this.#file(new Int16Array(0))}`, 'resume');
  }

  transfer(uri: string): Promise<void> {
    return this.#tell(`transfer ${uri}`);
  }

  /** Calls somebody else; what it talks with by then must be on hold. */
  dial(uri: string): Promise<void> {
    return this.#tell(`call ${uri}`);
  }

  /** Transfers the far side of one of its calls, by their numbers, to that of another. */
  join(call: number, other: number): Promise<void> {
    return this.#tell(`transfer ${call} --to-call ${other}`);
  }

  get heard(): Int16Array {
    if (!existsSync(this.#recording)) return new Int16Array(0);
    const bytes = readFileSync(this.#recording);
    if (bytes.length <= headBytes) return new Int16Array(0);
    const samples = Int16Array.from({ length: (bytes.length - headBytes) >> 1 }, (_, index) => bytes.readInt16LE(headBytes + index * 2));
    return resample({ samples, rateHz: codecs[this.#options.codec].hz }, rateHz).samples;
  }

  async hangUp(): Promise<void> {
    await this.#tell('terminate', 'quit');
    await this.#ended;
    rmSync(this.#home, { recursive: true, force: true });
  }

  get #recording(): string {
    return join(this.#home, 'heard.wav');
  }

  #tell(...lines: string[]): Promise<void> {
    this.#child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
    return Promise.resolve();
  }

  #file(samples: Int16Array): string {
    const path = join(this.#home, `said-${this.#files++}.wav`);
    const whole = new Int16Array(samples.length + roomSeconds * rateHz);
    whole.set(samples);
    writeFileSync(path, writeWav({ samples: whole, rateHz }));
    return path;
  }
}
