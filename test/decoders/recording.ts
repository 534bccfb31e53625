// Writes down every event that a server of this process puts on the wire, over sockets and calls alike. Only what a running session says
// is written down, and not what a test of a transport makes up.
import { beta } from '../../src/protocol/dialects/beta.ts';
import { ga } from '../../src/protocol/dialects/ga.ts';
import { Sessions } from '../../src/sessions.ts';
import { EventText } from '../../src/transports/event-text.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { CallTransport } from '../../src/transports/calls/call-transport.ts';
import { WebSocketConnection } from '../../src/transports/websocket/connection.ts';
import { keep, type Recorded, type Spoken } from './recorded.ts';

/** The connections whose sessions run, with the API whose path their clients took. */
const apis = new WeakMap<Transport, Spoken['api']>();
/** Whose event is being written right now. What comes in beside a call is told what the call is told. */
let writing: Spoken['api'] | undefined;
/** The dialect that was asked last for its words. */
let asked: Spoken['dialect'] = 'ga';

let recording = false;

/** From now on, whatever a server in this process sends is written down. */
export function recordWhatIsSent(): void {
  if (recording) return;
  recording = true;
  noteSessions();
  for (const transport of [WebSocketConnection.prototype, CallTransport.prototype]) noteWriter(transport);
  for (const dialect of [ga, beta]) {
    const { name, fromGa } = dialect;
    dialect.fromGa = (event) => {
      asked = name;
      return fromGa(event);
    };
  }
  noteTexts();
}

function noteSessions(): void {
  const { run } = Sessions.prototype;
  Sessions.prototype.run = function (this: Sessions, ...given: Parameters<typeof run>) {
    const [transport, birth] = given;
    apis.set(transport, birth.inworld ? 'inworld' : 'openai');
    run.apply(this, given);
  };
}

function noteWriter(transport: Transport): void {
  for (const method of ['send', 'sendAudio'] as const) {
    const write = transport[method] as (...given: unknown[]) => void;
    transport[method] = function (this: Transport, ...given: unknown[]) {
      const outer = writing;
      writing = apis.get(this) ?? outer;
      try {
        write.apply(this, given);
      } finally {
        writing = outer;
      }
    };
  }
}

function noteTexts(): void {
  const { write, writeAudio } = EventText.prototype;
  EventText.prototype.write = function (this: EventText, event) {
    const texts = write.call(this, event);
    for (const text of texts) note(text, asked);
    return texts;
  };
  // Sound is most of what is sent, and without times all of it is alike.
  const heard = new Set<string>();
  EventText.prototype.writeAudio = function (this: EventText, place, bytes, timestamps) {
    const text = writeAudio.call(this, place, bytes, timestamps);
    const dialect = text.startsWith(`{"type":"${beta.audioDeltaType}"`) ? 'beta' : 'ga';
    const kind = `${dialect} ${writing}`;
    if (timestamps || !heard.has(kind)) note(text, dialect);
    if (!timestamps) heard.add(kind);
    return text;
  };
}

function note(text: string, dialect: Spoken['dialect']): void {
  if (writing !== undefined) keep({ dialect, api: writing, event: JSON.parse(text) as Recorded['event'] });
}
