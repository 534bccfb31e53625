// One hostile client over a real socket. It books what it has sent against the errors that come back, and stops at the first that is
// missing, doubled or not due.
import { WebSocket } from 'ws';
import { apiKey } from '../e2e/support/server.ts';
import type { Caller, Frame } from './frame.ts';

/** Long, because a loaded machine is no failure. */
const patienceMs = 30_000;

interface ServerMessage {
  readonly type: string;
  readonly error?: Record<string, unknown>;
  readonly response?: { readonly id: string; readonly metadata?: Record<string, string> | null };
  readonly item?: { readonly id: string };
}

export class Stormer {
  readonly #name: string;
  readonly #caller: Caller;
  readonly socket: WebSocket;
  /** Rejects when the connection ends, which only this side may do. */
  readonly closed: Promise<{ code: number }>;
  /** Errors since the last fence, by the id they name. */
  #errors = new Map<string | null, string[]>();
  /** Responses that have begun and not ended. */
  readonly #responses = new Set<string>();
  readonly #watchers = new Set<(message: ServerMessage) => void>();
  #fences = 0;
  /** The last things the server made. */
  onMade: (made: { item?: string; response?: string }) => void = () => {};

  private constructor(ws: string, caller: Caller, name: string) {
    this.#name = name;
    this.#caller = caller;
    this.socket = new WebSocket(`${ws}${caller.path}`, { headers: { Authorization: `Bearer ${apiKey}`, ...caller.headers } });
    this.socket.on('message', (data) => this.#hear(JSON.parse((data as Buffer).toString('utf8')) as ServerMessage));
    // 'close' follows.
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', (code) => resolve({ code })));
  }

  static async open(ws: string, caller: Caller, name: string): Promise<Stormer> {
    const stormer = new Stormer(ws, caller, name);
    await stormer.#until('a session', ({ type }) => type === 'session.created' || type === 'transcription_session.created');
    // From here on nothing that it says can change its dialect.
    const session = caller.dialect === 'beta' ? {} : { type: caller.transcription ? 'transcription' : 'realtime' };
    await stormer.send([
      {
        data: JSON.stringify({ type: 'session.update', event_id: 'first', session }),
        echo: 'first',
        refused: 'never',
        what: 'the first update',
      },
    ]);
    return stormer;
  }

  /** Sends them, waits until the server has been through all of them, and compares what was due with what came. */
  async send(frames: readonly Frame[]): Promise<void> {
    for (const { data, binary = false } of frames) this.socket.send(data, { binary });
    this.#fences += 1;
    const fence = `fence_${this.#fences}`;
    const passed = this.#until(`an answer to ${fence}`, ({ type, error }) => type === 'error' && error?.['event_id'] === fence);
    this.socket.send(JSON.stringify({ type: 'no.such.fence', event_id: fence }));
    await passed;
    this.#errors.delete(fence);
    this.#compare(frames);
  }

  /** Whether the session still does what it is there for: it takes sound away, answers, and has ended all that it began. */
  async proveAlive(): Promise<void> {
    const cleared = this.#until('input_audio_buffer.cleared', ({ type }) => type === 'input_audio_buffer.cleared');
    this.socket.send(JSON.stringify({ type: 'input_audio_buffer.clear' }));
    await cleared;
    if (!this.#caller.transcription) {
      const done = this.#until('an answer', ({ type, response }) => type === 'response.done' && response?.metadata?.['last'] === 'yes');
      const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Are you there?' }] }];
      const response = { conversation: 'none', input, metadata: { last: 'yes' }, tools: [] };
      this.socket.send(JSON.stringify({ type: 'response.create', response }));
      await done;
    }
    if (this.#responses.size > 0) await this.#until('the end of all responses', () => this.#responses.size === 0);
    if (this.#errors.size > 0) throw this.#failure('an error that nothing was the cause of', [...this.#errors.values()].flat());
  }

  /** Ends the connection as a client may: in good order, or not. */
  async end(manner: 'close' | 'vanish' | 'not UTF-8' | 'too large'): Promise<void> {
    // RFC 6455: text that is none is answered by closing with 1007, and what is too big with 1009.
    const due = { close: 1000, vanish: 1006, 'not UTF-8': 1007, 'too large': 1009 }[manner];
    if (manner === 'close') this.socket.close(1000);
    else if (manner === 'vanish') this.socket.terminate();
    else if (manner === 'not UTF-8') this.socket.send(Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0xff]), { binary: false });
    else this.socket.send('x'.repeat(21 * 1024 * 1024 + 1));
    const timer = setTimeout(() => this.socket.terminate(), patienceMs);
    const { code } = await this.closed;
    clearTimeout(timer);
    if (code !== due) throw this.#failure(`the connection ended with ${code} and not with ${due}`, [manner]);
  }

  #hear(message: ServerMessage): void {
    const { type, error, response, item } = message;
    if (type === 'error') {
      const id = (error?.['event_id'] ?? null) as string | null;
      const known = this.#errors.get(id) ?? [];
      known.push(JSON.stringify(error));
      this.#errors.set(id, known);
    } else if (type === 'response.created' && response) this.#responses.add(response.id);
    else if (type === 'response.done' && response) this.#responses.delete(response.id);
    if (response) this.onMade({ response: response.id });
    if (item) this.onMade({ item: item.id });
    for (const watcher of this.#watchers) watcher(message);
  }

  #compare(frames: readonly Frame[]): void {
    const errors = this.#errors;
    this.#errors = new Map();
    for (const text of [...errors.values()].flat()) this.#checkShape(text);
    // An event that was answered under a false name is looked for first under its own.
    const named = Map.groupBy(frames, ({ echo }) => echo?.toWellFormed() ?? null);
    const groups = [...named].sort(([one], [other]) => Number(one === null) - Number(other === null));
    for (const [echo, of] of groups) {
      const got = errors.get(echo) ?? [];
      errors.delete(echo);
      const least = of.filter(({ refused }) => refused === 'always').length;
      const most = of.filter(({ refused }) => refused !== 'never').length;
      if (got.length >= least && got.length <= most) continue;
      const sent = of.map(({ what, refused, data }) => `  ${refused} refused: ${what}: ${String(data).slice(0, 200)}`);
      throw this.#failure(`${got.length} errors where ${least} to ${most} were due`, [
        ...new Set(got.map((text) => text.slice(0, 200))),
        ' answered',
        ...sent,
      ]);
    }
    if (errors.size > 0) throw this.#failure('errors that name no event of this client', [...errors.values()].flat());
  }

  #checkShape(text: string): void {
    const { type, message, code, param } = JSON.parse(text) as Record<string, unknown>;
    const told = (value: unknown) => value === null || (typeof value === 'string' && value !== '');
    if (typeof type === 'string' && type !== '' && typeof message === 'string' && message !== '' && told(code) && told(param)) return;
    throw this.#failure('an error that does not say what is wrong', [text]);
  }

  /** Resolves with the first message that fits; rejects when the connection ends or nothing comes. */
  #until(what: string, fits: (message: ServerMessage) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (end: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        end();
      };
      const watcher = (message: ServerMessage) => {
        if (fits(message)) over(resolve);
      };
      const timer = setTimeout(() => over(() => reject(this.#failure(`${what} did not come`, []))), patienceMs);
      this.#watchers.add(watcher);
      void this.closed.then(({ code }) => over(() => reject(this.#failure(`the server closed with ${code} instead of ${what}`, []))));
    });
  }

  #failure(what: string, lines: readonly string[]): Error {
    return new Error([`${this.#name} (${this.#caller.path}, ${this.#caller.dialect}): ${what}`, ...lines].join('\n').slice(0, 6000));
  }
}
