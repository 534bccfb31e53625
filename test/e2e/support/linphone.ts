// linphone as somebody's telephone, with Opus alone: files are its microphone and its loudspeaker.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../../../src/media/resample.ts';
import { wavHeader, writeWav } from '../../../src/media/wav.ts';
import { rateHz } from './speech.ts';

const prompt = 'linphonec>';
/** A file of the microphone's ends with so much silence: longer than any call. */
const roomSeconds = 60;
/** Of what it records with Opus; while it is written, its head says neither how long it is nor this. */
const recordedHz = 48_000;
const headBytes = wavHeader({ rateHz, channels: 1 }).length;

export class Linphone {
  readonly #home = mkdtempSync(join(tmpdir(), 'linphone-'));
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #files = 0;
  output = '';

  constructor(uri: string) {
    // It keeps what it knows about calls here, and fails where the folder is not.
    mkdirSync(join(this.#home, '.local/share/linphone'), { recursive: true });
    const sip = ['sip_port=-1', 'sip_tcp_port=-1', 'guess_hostname=0', 'contact="P" <sip:phone@127.0.0.1>'];
    const lines = ['[sip]', ...sip, '[rtp]', 'audio_rtp_port=-1', '[net]', 'enable_ipv6=0', '[video]', 'enabled=0', ''];
    writeFileSync(join(this.#home, 'rc'), lines.join('\n'));
    this.#child = spawn('linphonec', ['-c', join(this.#home, 'rc')], {
      cwd: this.#home,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: 60_000,
      env: { ...process.env, HOME: this.#home },
    });
    const quiet = this.#file(new Int16Array(0));
    // The first codec of its list is Opus.
    const orders = [
      'soundcard use files',
      'codec disable all',
      'codec enable 0',
      `record ${this.#recording}`,
      `play ${quiet}`,
      `call ${uri}`,
    ];
    let isAsked = false;
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (text: Buffer) => {
      this.output = (this.output + text.toString('latin1')).slice(-20_000);
      if (isAsked || !this.output.includes(prompt)) return;
      isAsked = true;
      this.#tell(...orders);
    });
    this.#ended = once(this.#child, 'close');
  }

  /** Says this from now on, and nothing after it. */
  speak(samples: Int16Array): void {
    this.#tell(`play ${this.#file(samples)}`);
  }

  /** What has come until now, at 24 kHz. */
  get heard(): Int16Array {
    if (!existsSync(this.#recording)) return new Int16Array(0);
    const bytes = readFileSync(this.#recording);
    if (bytes.length <= headBytes) return new Int16Array(0);
    const samples = Int16Array.from({ length: (bytes.length - headBytes) >> 1 }, (_, index) => bytes.readInt16LE(headBytes + index * 2));
    return resample({ samples, rateHz: recordedHz }, rateHz).samples;
  }

  /** Hangs up, and goes. */
  async hangUp(): Promise<void> {
    this.#tell('terminate', 'quit');
    await this.#ended;
    rmSync(this.#home, { recursive: true, force: true });
  }

  get #recording(): string {
    return join(this.#home, 'heard.wav');
  }

  #tell(...lines: string[]): void {
    this.#child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  }

  #file(samples: Int16Array): string {
    const path = join(this.#home, `said-${this.#files++}.wav`);
    const whole = new Int16Array(samples.length + roomSeconds * rateHz);
    whole.set(samples);
    writeFileSync(path, writeWav({ samples: whole, rateHz }));
    return path;
  }
}
