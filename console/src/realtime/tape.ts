// A tape of a session, as a server with PARLEY_RECORD writes it: the turns and the events in both directions, at the times they had. Pure.
import type { Voice } from '../../../src/media/talk-spurt.ts';
import type { AudioFormat } from '../../../src/protocol/audio-format.ts';
import { isRecord } from '../../../src/protocol/json.ts';
import { type ClientEvent, readEvent, type ServerEvent } from './events.ts';
import { follow, noTurns, type TurnFact, type Turns } from './turns.ts';

export interface TapeEvent {
  readonly direction: 'sent' | 'received';
  readonly event: { type: string };
  /** Milliseconds since the session was born. */
  readonly at: number;
}

export interface Tape {
  readonly session: string;
  readonly startedAt: string;
  readonly version: string;
  /** `broken`: its server was ended before it. */
  readonly end: 'over' | 'cut' | 'broken';
  readonly lengthMs: number;
  readonly turns: Turns;
  readonly events: readonly TapeEvent[];
}

type Fields = Readonly<Record<string, unknown>>;

/** What differs between them (`reply.*` and `run.*`) is nothing that is shown here. */
const knownFormats: readonly number[] = [1, 2];

/** @throws Error whose message is a sentence for people. */
export function readTape(text: string): Tape {
  const rows = text.split('\n');
  // A line that is not whole is the last one of a server that was ended in it.
  rows.pop();
  const header = fieldsOf(rows[0] ?? '');
  if (!header || typeof header.tape !== 'number' || !isRecord(header.birth)) throw new Error('This is no tape of a session.');
  if (!knownFormats.includes(header.tape)) throw new Error(`This tape is of format ${header.tape}, which this page does not know.`);
  const reader = new Reader(header.birth);
  for (const [index, row] of rows.entries()) {
    const line = index === 0 ? undefined : fieldsOf(row);
    if (line) reader.take(line);
    else if (index > 0) throw new Error(`Line ${index + 1} of the tape cannot be read.`);
  }
  return {
    session: textOf(header.birth.sessionId),
    startedAt: textOf(header.startedAt),
    version: textOf(header.parley),
    ...reader.read(),
  };
}

function fieldsOf(row: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(row);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function bytesPerMs(format: AudioFormat): number {
  return format.type === 'audio/pcm' ? (2 * format.rate) / 1000 : 8;
}

class Reader {
  readonly #events: TapeEvent[] = [];
  /** A call's server says itself what it plays; of other players it is reckoned. */
  readonly #isCall: boolean;
  #turns = noTurns;
  #end: Tape['end'] = 'broken';
  #atMs = 0;
  /** How much of the input had come by when: it puts the input's own times upon the clock. */
  #received: { readonly ms: number; readonly atMs: number } = { ms: 0, atMs: 0 };
  #voice: Voice = { startMs: undefined, lastMs: undefined };
  #interrupts = true;
  /** The client has written something that was not answered yet. */
  #written = false;
  #playingUntilMs: number | undefined;

  constructor(birth: Fields) {
    this.#isCall = birth.speaker !== undefined;
  }

  take(line: Fields): void {
    const { us, heard } = line;
    if (Array.isArray(heard)) {
      const [lastUs, ms] = heard.slice(-3);
      if (typeof lastUs === 'number' && typeof ms === 'number') this.#hear(lastUs / 1000, ms);
    }
    if (typeof us !== 'number') return;
    this.#pass(us / 1000);
    if (isRecord(line.fact)) this.#happen(line.fact);
    const effects: unknown[] = [line.opened, line.effects].flatMap((each) => (Array.isArray(each) ? each : []));
    for (const effect of effects) if (isRecord(effect)) this.#see(effect);
    if (line.end === 'over' || line.end === 'cut') this.#end = line.end;
  }

  read(): Pick<Tape, 'end' | 'lengthMs' | 'turns' | 'events'> {
    this.#pass(Math.max(this.#atMs, this.#playingUntilMs ?? 0));
    return { end: this.#end, lengthMs: this.#atMs, turns: this.#turns, events: this.#events };
  }

  #hear(atMs: number, ms: number): void {
    this.#pass(atMs);
    this.#received = { ms, atMs };
  }

  /** Time goes on; what was playing may have ended in it. */
  #pass(atMs: number): void {
    const until = this.#playingUntilMs;
    if (until !== undefined && until <= atMs) {
      this.#playingUntilMs = undefined;
      this.#follow({ kind: 'heard.end' }, until);
    }
    this.#atMs = Math.max(this.#atMs, atMs);
  }

  #happen(fact: Fields): void {
    switch (fact.kind) {
      case 'client':
        if (isRecord(fact.event) && typeof fact.event.type === 'string') this.#send(fact.event as ClientEvent);
        break;
      case 'audio.reached':
        if (typeof fact.receivedMs === 'number') this.#hear(this.#atMs, fact.receivedMs);
        break;
      case 'speech.began':
        this.#voice = { startMs: this.#clockTime(fact.atMs), lastMs: this.#atMs };
        break;
      case 'speech.paused':
        this.#voice = { ...this.#voice, lastMs: this.#clockTime(fact.atMs) };
        break;
      default:
    }
  }

  #clockTime(inputMs: unknown): number {
    return typeof inputMs === 'number' ? Math.max(0, this.#received.atMs - Math.max(0, this.#received.ms - inputMs)) : this.#atMs;
  }

  #send(event: ClientEvent): void {
    this.#events.push({ direction: 'sent', event, at: this.#atMs });
    const { item } = event;
    if (event.type === 'conversation.item.create') this.#written = isRecord(item) && item.type === 'message' && item.role === 'user';
    else if (event.type === 'input_audio_buffer.commit') this.#follow({ kind: 'released', voice: this.#voice });
    else if (event.type === 'conversation.item.truncate') this.#cut();
    else if (event.type === 'response.create' && this.#written) {
      this.#written = false;
      this.#follow({ kind: 'typed' });
    }
  }

  #see(effect: Fields): void {
    if (effect.kind === 'send.audio') this.#play(effect);
    else if (effect.kind === 'send' || effect.kind === 'send.retrieved') {
      const event = readEvent(JSON.stringify(effect.event ?? null));
      if (event) this.#receive(event);
    }
  }

  #receive(event: ServerEvent): void {
    this.#events.push({ direction: 'received', event, at: this.#atMs });
    if ((event.type === 'session.created' || event.type === 'session.updated') && event.session.type === 'realtime')
      this.#interrupts = event.session.audio.input.turn_detection?.interrupt_response === true;
    if (event.type === 'input_audio_buffer.speech_started' && this.#interrupts) this.#cut();
    this.#follow({ kind: 'event', event, voice: this.#voice });
  }

  #play({ response, item, outputIndex, contentIndex, bytes, format, eventId }: Fields): void {
    const length = isRecord(bytes) && typeof bytes.$bytes === 'number' ? bytes.$bytes : 0;
    const event = {
      type: 'response.output_audio.delta',
      event_id: eventId,
      response_id: response,
      item_id: item,
      output_index: outputIndex,
      content_index: contentIndex,
      delta: `(${length} bytes of sound)`,
    };
    // Written as it went out, but for the sound.
    this.#receive(event as unknown as ServerEvent);
    if (this.#isCall || !isRecord(format)) return;
    if (this.#playingUntilMs === undefined) this.#follow({ kind: 'heard.start' });
    const ms = length / bytesPerMs(format as unknown as AudioFormat);
    this.#playingUntilMs = Math.max(this.#playingUntilMs ?? 0, this.#atMs) + ms;
  }

  #cut(): void {
    if (this.#playingUntilMs === undefined) return;
    this.#playingUntilMs = undefined;
    this.#follow({ kind: 'heard.cut' });
  }

  #follow(fact: TurnFact, atMs = this.#atMs): void {
    this.#turns = follow(this.#turns, fact, atMs);
  }
}
