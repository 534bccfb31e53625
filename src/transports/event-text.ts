// Events as text, both ways, for the ways in that carry JSON: which dialect the far side speaks is remembered here.
import { setImmediate } from 'node:timers/promises';
import type { Ids } from '../lib/ids.ts';
import { wellFormedJson } from '../lib/well-formed-json.ts';
import { clientEventId, isEventId, parseClientEvent } from '../protocol/client-events.ts';
import { beta } from '../protocol/dialects/beta.ts';
import { looksBeta } from '../protocol/dialects/choose.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import { ga } from '../protocol/dialects/ga.ts';
import { errors, RealtimeError } from '../protocol/errors.ts';
import { isRecord } from '../protocol/json.ts';
import { unreadFields } from '../protocol/unread.ts';
import type { StampedEvent, TimestampInfo } from '../protocol/server-events.ts';
import { audioDelta, decodeAudio, notTooMuch } from './audio-text.ts';
import { eventJson } from './event-json.ts';
import { type Lifted, liftedAppend, lightened, returnLifted } from './lifted-fields.ts';
import type { AudioPlace, Inbound, OutgoingEvent } from './transport.ts';

/** A larger message is read with pauses, in which the other sessions go on. */
const largeBytes = 256 * 1024;

/** An event of less weighs nothing in a queue that is bounded in number as well. */
const smallCharacters = 1024;

export class EventText {
  readonly #ids: Ids;
  #dialect: Dialect;
  /** Until the first update of the session the client's own words may still show its dialect. */
  #settled: boolean;

  /** `dialect` as the handshake showed it. */
  constructor(ids: Ids, dialect: Dialect) {
    this.#ids = ids;
    this.#dialect = dialect;
    this.#settled = dialect !== ga;
  }

  /** As far as it is known by now. */
  get dialect(): Dialect {
    return this.#dialect;
  }

  /** One event as the far side reads it: no message where its dialect has no word for it. */
  write(event: OutgoingEvent): string[] {
    return this.#dialect.fromGa(this.#stamped(event)).map((message) => eventJson(message));
  }

  #stamped(event: OutgoingEvent): StampedEvent {
    // The one event that GA gives no id (protocol 2).
    if (event.type === 'input_audio_buffer.dtmf_event_received') {
      const { event_id: _, ...bare } = event as StampedEvent;
      return bare as StampedEvent;
    }
    if (event.event_id !== undefined) return event as StampedEvent;
    const { type, ...rest } = event;
    return { type, event_id: this.#ids('event'), ...rest } as StampedEvent;
  }

  writeAudio(place: AudioPlace, bytes: Uint8Array, timestamps?: TimestampInfo): string {
    return audioDelta(this.#dialect.audioDeltaType, place, bytes, timestamps);
  }

  /** One message as its bytes came, which are ours from here on; undefined stands for one that was no text. */
  async readBytes(bytes: Buffer | undefined): Promise<Inbound> {
    if (bytes === undefined || bytes.length < largeBytes) return this.read(bytes?.toString('utf8'));
    const light = await lightened(bytes);
    if ('error' in light) return { kind: 'fault', ...light, characters: bytes.length };
    await setImmediate();
    const reading = this.#read(() => JSON.parse(light.text), bytes.length, light.lifted);
    let step = reading.next();
    for (; !step.done; step = reading.next()) await setImmediate();
    return step.value;
  }

  /** One message; undefined stands for one that was no text. */
  read(text: string | undefined): Inbound {
    const parse = () => {
      if (text === undefined) throw errors.invalidJson('binary frames are not part of the protocol.');
      return JSON.parse(wellFormedJson(text));
    };
    const reading = this.#read(parse, text?.length ?? 0);
    let step = reading.next();
    while (!step.done) step = reading.next();
    return step.value;
  }

  /** In steps, between which others may have their turn. `characters`: how many it was written in, with what was taken out of it before. */
  *#read(parse: () => unknown, characters: number, lifted: readonly Lifted[] = []): Generator<void, Inbound, void> {
    let message: unknown;
    const much = characters > smallCharacters ? { characters } : {};
    try {
      message = parsed(parse);
      // Sound is read without a schema: it is most of what comes. What else is wrong with it is for the schema to say.
      if (isRecord(message) && message.type === 'input_audio_buffer.append' && isEventId(message.event_id)) {
        return { kind: 'audio', bytes: notTooMuch(liftedAppend(message, lifted) ?? decodeAudio(message.audio)) };
      }
      if (!this.#settled && isRecord(message) && typeof message.type === 'string' && message.type.endsWith('session.update')) {
        this.#settled = true;
        if (looksBeta(message)) this.#dialect = beta;
      }
      yield;
      const said = this.#dialect.toGa(message);
      yield;
      const event = parseClientEvent(said);
      yield;
      const unread = unreadFields(said, event);
      returnLifted(event, lifted);
      return { kind: 'event', event, ...(unread.length > 0 ? { unread } : {}), ...much };
    } catch (error) {
      if (!(error instanceof RealtimeError)) throw error;
      return { kind: 'fault', error, eventId: clientEventId(message), ...much };
    }
  }
}

function parsed(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RealtimeError) throw error;
    throw errors.invalidJson(error instanceof Error ? error.message : 'it cannot be parsed.');
  }
}
