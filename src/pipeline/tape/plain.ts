// Facts and effects as a tape has them: sound and pictures by their size, secrets by what stands for them; and facts as they were again, with
// silence for the sound.
import { isRecord } from '../../protocol/json.ts';
import type { Effect } from '../../session/effects.ts';
import type { Fact } from '../../session/facts.ts';
import type { Mark } from './format.ts';
import type { Secrets } from './secrets.ts';

/** What people say and fill in is theirs, whatever they call it: it goes into the words of a prompt. */
const ownWords: ReadonlySet<string> = new Set(['variables']);

/** Facts that hold neither sound nor secrets: most of all there are. */
const flatFacts: ReadonlySet<Fact['kind']> = new Set([
  'audio.reached',
  'speech.began',
  'speech.paused',
  'turn.judged',
  'transcript.partial',
  'transcript.final',
  'run.text',
  'run.arguments',
  'speaker.played',
  'tick',
]);

/** `secrets`: undefined where they have been hidden already. */
export function factJson(fact: Fact, secrets: Secrets | undefined): string {
  if (flatFacts.has(fact.kind)) return JSON.stringify(fact);
  if (fact.kind === 'run.audio' || fact.kind === 'aside.spoken') return JSON.stringify({ ...fact, bytes: soundMark(fact.bytes) });
  return JSON.stringify(plain(fact, secrets));
}

export function effectJson(effect: Effect, secrets: Secrets | undefined): string {
  if (effect.kind === 'send.audio' || effect.kind === 'send.backchannel')
    return JSON.stringify({ ...effect, bytes: soundMark(effect.bytes) });
  const isFlat = effect.kind === 'send' && !('session' in effect.event || 'item' in effect.event || 'response' in effect.event);
  return JSON.stringify(isFlat ? effect : plain(effect, secrets));
}

function soundMark({ length }: Uint8Array): Mark {
  return { $bytes: length };
}

/** A copy that JSON can hold, with nothing in it that a tape must not have. */
export function plain(value: unknown, secrets: Secrets | undefined): unknown {
  if (value instanceof Uint8Array) return soundMark(value);
  if (Array.isArray(value)) return value.map((each) => plain(each, secrets));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainField(value, name, inner, secrets)]));
}

function plainField(of: Readonly<Record<string, unknown>>, name: string, value: unknown, secrets: Secrets | undefined): unknown {
  if (typeof value === 'string') return plainText(of, name, value, secrets);
  if (ownWords.has(name)) return value;
  return plain(secrets?.areSecrets(of, name) ? allHidden(value, secrets) : value, secrets);
}

function plainText(of: Readonly<Record<string, unknown>>, name: string, text: string, secrets: Secrets | undefined): unknown {
  if (secrets?.isSecret(name, text)) return secrets.placeholder(text);
  if (name === 'server_url') return secrets?.address(text) ?? text;
  // An image's address is `url` in a prompt.
  if (name === 'image_url' || (name === 'url' && of.type === 'image'))
    return text.startsWith('data:') ? pictureMark(text) : (secrets?.address(text) ?? text);
  // Of an item, or as the effect `transcribe` has it.
  if (name === 'audio' && (of.type !== undefined || of.kind !== undefined)) return { $base64: text.length } satisfies Mark;
  return text;
}

function allHidden(fields: unknown, secrets: Secrets): unknown {
  if (!isRecord(fields)) return fields;
  const hide = (value: unknown) => (typeof value === 'string' ? secrets.placeholder(value) : value);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, hide(value)]));
}

function pictureMark(url: string): Mark {
  return { $picture: url.slice(0, url.indexOf(',') + 1), characters: url.length };
}

/** A value of a tape as the session is to have it. `sound` gives the next so many bytes. */
export function revived(value: unknown, sound: (bytes: number) => Uint8Array): unknown {
  if (Array.isArray(value)) return value.map((each) => revived(each, sound));
  if (!isRecord(value)) return value;
  const { $bytes, $base64, $picture, characters } = value;
  if (typeof $bytes === 'number') return sound($bytes);
  if (typeof $base64 === 'number') return 'A'.repeat($base64);
  if (typeof $picture === 'string' && typeof characters === 'number') return $picture.padEnd(characters, 'A');
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revived(inner, sound)]));
}
