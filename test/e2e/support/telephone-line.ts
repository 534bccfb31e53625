// A caller of Twilio's, from the webhook on: signs the question as Twilio does, follows the TwiML to the stream, and talks there by the simulated
// provider.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { systemClock } from '../../../src/lib/clock.ts';
import { decodeMuLaw, encodeMuLaw } from '../../../src/media/g711.ts';
import { resample } from '../../../src/media/resample.ts';
import { SimulatedProvider } from '../../transports/media-streams/simulators/provider.ts';
import { twilioWire } from '../../transports/media-streams/simulators/wires.ts';
import { rateHz } from './speech.ts';

export const twilioToken = 'twilio-auth-token-0123456789';
export const publicUrl = 'https://voice.example.test';

export function twilioSignature(path: string, form: Readonly<Record<string, string>>, scheme = 'https'): string {
  const url = publicUrl.replace('https', scheme) + path;
  const fields = Object.keys(form).toSorted();
  return createHmac('sha1', twilioToken)
    .update(url + fields.map((name) => name + form[name]).join(''))
    .digest('base64');
}

/** The call that the simulated Twilio knows. */
export const callSid = 'CA79aa2ac0b2c04b8aa6d6e6f4e9d1f2a3';

/** What Twilio asks when somebody calls. */
export function askForInstructions(http: string, to: string, signature?: string): Promise<Response> {
  return post(http, '/v1/realtime/twilio/voice', { CallSid: callSid, From: '+15550001', To: to }, signature);
}

/** A request of Twilio's, which signs it. */
export function post(http: string, path: string, form: Readonly<Record<string, string>>, signature?: string): Promise<Response> {
  return fetch(http + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signature ?? twilioSignature(path, form),
      connection: 'close',
    },
    body: new URLSearchParams(form),
  });
}

/** Calls a number, and opens the stream that the answer asks for; `token` is to be brought along by it. */
export async function openStream(http: string, to: string): Promise<{ socket: WebSocket; token: string }> {
  return followStream(http, await (await askForInstructions(http, to)).text());
}

/** Opens the stream that the TwiML names. */
async function followStream(http: string, answer: string): Promise<{ socket: WebSocket; token: string }> {
  const [, url = ''] = /<Stream url="([^"]+)"/.exec(answer) ?? [];
  const [, token = ''] = /name="token" value="([^"]+)"/.exec(answer) ?? [];
  const { pathname } = new URL(url);
  const socket = new WebSocket(http.replace(/^http/, 'ws') + pathname, {
    headers: { 'x-twilio-signature': twilioSignature(pathname, {}, 'wss') },
  });
  await once(socket, 'open');
  return { socket, token };
}

export class TelephoneLine {
  readonly provider: SimulatedProvider;
  readonly #socket: WebSocket;
  readonly #wire = twilioWire();
  closed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.provider = new SimulatedProvider(systemClock, this.#wire, (frame) => socket.send('text' in frame ? frame.text : frame.bytes));
    socket.on('message', (data: Buffer) => this.provider.receive({ text: data.toString('utf8') }));
    socket.on('close', () => {
      this.closed = true;
      this.provider.end();
    });
  }

  /** Calls a number, and is connected. */
  static async call(http: string, to: string): Promise<TelephoneLine> {
    return TelephoneLine.follow(http, await (await askForInstructions(http, to)).text());
  }

  /** Opens the stream that the TwiML names. */
  static async follow(http: string, answer: string): Promise<TelephoneLine> {
    const { socket, token } = await followStream(http, answer);
    const line = new TelephoneLine(socket);
    line.provider.open(token);
    return line;
  }

  /** Says samples at the tests' rate; resolves when the last of them has been sent. */
  say(samples: Int16Array): Promise<void> {
    return this.provider.say(encodeMuLaw(resample({ samples, rateHz }, 8000).samples));
  }

  /** What the caller has heard until now, at 8 kHz. */
  get heard(): Int16Array {
    return decodeMuLaw(this.provider.heard());
  }

  hangUp(): void {
    this.provider.stop();
    this.#socket.close();
  }
}
