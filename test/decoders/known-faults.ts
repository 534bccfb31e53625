// What the SDKs are allowed not to decode. Whatever else they cannot decode is a fault of ours.
import type { Recorded } from './recorded.ts';

/** Events that only Inworld has; they go to clients of Inworld's path, and to those that ask for them. */
const notOpenAIs = /^(response\.backchannel\.|input_audio_buffer\.turn_suggestion)/;

/** What is in an event because its client asked for something that only we or Inworld have; no default is among it. */
const askedFor: readonly { reason: RegExp; sent?: RegExp; why: string }[] = [
  {
    reason: /Type '\d+' is not assignable to type '24000'|\.AudioPCM\.rate: Input should be 24000|^Unknown Rate: \d+$/,
    why: 'the client asked for a rate that OpenAI has not',
  },
  { reason: /'"model"' does not exist in type '\{ readonly format\?: /, why: "the client named a synthesiser, which is Inworld's" },
  {
    reason: /web_search|^Unknown RealtimeToolsConfigUnion$|\.tools\.\d+\.RealtimeFunctionTool\.type: Input should be 'function'/,
    sent: /"type":"web_search"/,
    why: "the client named a tool of type `web_search`, which is Inworld's",
  },
  {
    reason: /input_image|\.content\.\d+\.type: Input should be 'input_text', 'input_audio', 'item_reference', 'text' or 'audio'/,
    sent: /"type":"input_image"/,
    why: 'the client put in an image, for which the beta has no word',
  },
];

interface KnownFault {
  readonly languages: readonly string[];
  readonly events: RegExp;
  /** What the decoder says of it. */
  readonly reason: RegExp;
  readonly why: string;
}

const items = /^(conversation\.item\.(added|done|retrieved)|response\.(output_item\.done|done))$/;
const sessions = /^session\.(created|updated)$/;

/** Faults that the SDKs have with OpenAI's own events too; the judge is the reference that the `openai` packages are made from. */
const knownFaults: readonly KnownFault[] = [
  {
    languages: ['Go'],
    events: /^(output_audio_buffer\.(started|stopped|cleared)|input_audio_buffer\.dtmf_event_received)$/,
    reason: /^unknown server event type/,
    why: 'the SDK does not know the events of calls',
  },
  {
    languages: ['Go'],
    events: sessions,
    reason: /cannot unmarshal string into Go struct field \w+\.session\.tracing of type/,
    why: '`tracing` may be "auto"; the SDK wants an object',
  },
  {
    languages: ['Go'],
    events: items,
    reason: /cannot unmarshal object into Go struct field \w+\.item\.tools\.input_schema of type string/,
    why: 'the schema of an MCP tool is an object; the SDK wants a string',
  },
  {
    languages: ['Go'],
    events: sessions,
    reason: /cannot unmarshal string into Go struct field \w+\.session\.prompt\.variables of type/,
    why: 'a variable of a prompt may be a string; the SDK wants an object',
  },
  {
    languages: ['Rust'],
    events: /^conversation\.item\.(added|done|retrieved)$/,
    reason: /^(invalid type: null, expected a string|missing field `(transcript|audio)`)$/,
    why: 'spoken words have neither their sound nor, before they are recognised, a transcript; the SDK wants both',
  },
  {
    languages: ['Rust'],
    events: sessions,
    reason: /^missing field `(description|parameters)`$/,
    why: 'a function needs neither a description nor parameters; the SDK wants both',
  },
  {
    languages: ['Rust'],
    events: sessions,
    reason: /^data did not match any variant of untagged enum Tracing$/,
    why: 'each of the names in `tracing` may be left out; the SDK wants all of them',
  },
  {
    languages: ['Rust'],
    events: sessions,
    reason: /^invalid type: string "(near|far)_field", expected internally tagged enum NoiseReductionType$/,
    why: 'noise reduction names its type by a word; the SDK wants an object within the object',
  },
  {
    languages: ['Rust'],
    events: items,
    reason: /^missing field `approved`$/,
    why: 'an approval says `approve`; the SDK wants `approved`',
  },
  {
    languages: ['Rust'],
    events: items,
    reason: /^invalid type: integer `-?\d+`, expected a string$/,
    why: 'the code of an MCP error is a number; the SDK wants a string',
  },
  {
    languages: ['TypeScript', 'Python', 'Java'],
    events: /^transcription_session\.created$/,
    reason: /^(TS\d+: |no such type$|Unknown RealtimeServerEvent: )/,
    why: 'the SDK knows how a transcription session of the beta is updated, but not how it begins',
  },
  {
    languages: ['Python', 'Java'],
    events: /^transcription_session\.updated$/,
    reason: /^(session\.client_secret: Field required|`client_secret` is not set)$/,
    why: 'the SDK wants a secret that by its own comment is only there in the answer of the HTTP route',
  },
];

/** Why an event need not decode there; undefined where it must. */
export function excuse(language: string, { event }: Recorded, reason: string): string | undefined {
  if (notOpenAIs.test(event.type)) return "it is not one of OpenAI's events";
  const asked = askedFor.find(({ reason: said, sent }) => said.test(reason) && (!sent || sent.test(JSON.stringify(event))));
  if (asked) return asked.why;
  return knownFaults.find((known) => known.languages.includes(language) && known.events.test(event.type) && known.reason.test(reason))?.why;
}

/** Entries of the table that nothing needed, of languages that were tried: the SDK has been mended, or nobody sends such an event any more. */
export function unneeded(languages: readonly string[], met: ReadonlySet<string>): string[] {
  return knownFaults
    .filter((known) => known.languages.every((each) => languages.includes(each)) && !met.has(known.why))
    .map(({ why }) => why);
}
