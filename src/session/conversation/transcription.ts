// conversation.item.input_audio_transcription.*: how the user's words arrive, and the responses that waited for them.
import type { UserMessage } from '../../protocol/items.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { Logprob } from '../../protocol/server-events.ts';
import { type Core, forgetWords, mint, promisedItem, send, tell } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { failureBody } from '../failure.ts';
import type { Entry } from './history.ts';
import { transcriptionUsage } from './transcription-usage.ts';

export function onPartial(core: Core, fact: FactOf<'transcript.partial'>): void {
  // Who guesses is still at work.
  for (const each of core.recognising) if (each.item === fact.item) each.sinceMs = core.now;
  if (!core.config.audio.input.transcription) return;
  if (promisedItem(core) !== fact.item && core.conversation.get(fact.item)?.transcript.state !== 'pending') return;
  const told = toldOf(core, fact.item);
  const words = wordsOf(fact.text);
  // A guess may still change its mind: told are the words two guesses agree on, and never the newest one.
  const stable = Math.min(agreement(told.last, words), words.length - 1);
  const fresh = agreement(told.last.slice(0, told.words), words) === told.words ? words.slice(told.words, stable) : [];
  core.told = core.told.filter(({ item }) => item !== fact.item);
  core.told.push({ item: fact.item, words: told.words + fresh.length, last: words });
  if (fresh.length > 0) sendDelta(core, fact.item, fresh, told.words > 0);
}

/** What the deltas have told of the item's words, and the last guess at them. */
function toldOf(core: Core, id: string): { words: number; last: readonly string[] } {
  return core.told.find(({ item }) => item === id) ?? { words: 0, last: [] };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

const bare = (word: string | undefined) => word?.toLowerCase().replace(/[^\p{L}\p{N}']/gu, '');

/** How many words two texts have in common from the start, punctuation and case aside. */
function agreement(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && bare(a[count]) === bare(b[count])) count += 1;
  return count;
}

/** Deltas add up: each is what is new (conflict C19). */
function sendDelta(core: Core, item: string, words: readonly string[], goesOn: boolean): void {
  const entry = core.conversation.get(item);
  send(core, {
    type: 'conversation.item.input_audio_transcription.delta',
    item_id: item,
    content_index: entry ? soundIndex(entry.item as UserMessage) : 0,
    delta: (goesOn ? ' ' : '') + words.join(' '),
  });
}

/** The words nobody was told of yet, if the final text goes on where the deltas stopped. */
function sendRest(core: Core, item: string, text: string): void {
  const told = toldOf(core, item);
  const words = wordsOf(text);
  const rest = words.slice(told.words);
  if (rest.length > 0 && agreement(told.last.slice(0, told.words), words) === told.words) sendDelta(core, item, rest, told.words > 0);
}

export function onFinal(core: Core, fact: FactOf<'transcript.final'>): void {
  const entry = core.conversation.get(fact.item) ?? ownInput(core, fact.item);
  if (entry?.transcript.state !== 'pending') return;
  entry.transcript = { state: 'known' };
  const item = entry.item as UserMessage;
  const content_index = soundIndex(item);
  const { transcription } = core.config.audio.input;
  if (transcription && core.conversation.get(fact.item)) {
    sendRest(core, fact.item, fact.text);
    sendSegments(core, fact, content_index);
    send(core, {
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: fact.item,
      content_index,
      transcript: fact.text,
      usage: transcriptionUsage(transcription, fact.seconds, fact.text),
      ...(wantsLogprobs(core) && fact.logprobs ? { logprobs: logprobsOf(fact.text, fact.logprobs) } : {}),
      ...spokenLanguages(core, fact),
      ...voiceProfile(core, fact),
    });
  }
  forgetWords(core, fact.item);
  const part = item.content[content_index];
  if (part?.type === 'input_audio') part.transcript = fact.text;
  entry.soundBytes = 0;
  core.conversation.measure(entry);
  tell(core, { kind: 'words.settled' });
}

/**
 * For clients that named several, and for the model that always tells them at OpenAI's. From a recogniser that cannot tell it is the language
 * it was told to listen for; nothing heard is no language.
 */
function spokenLanguages({ config }: Core, { text, languages }: FactOf<'transcript.final'>): { languages?: { code: string }[] } {
  const { model = '', language, languages: named } = config.audio.input.transcription ?? {};
  if (!named && !/(^|\/)gpt-transcribe$/.test(model)) return {};
  const told = language ?? named?.[0];
  const spoken = languages ?? (told === undefined || told === 'auto' || text === '' ? [] : [told]);
  return { languages: spoken.map((code) => ({ code })) };
}

function wantsLogprobs({ config }: Core): boolean {
  return config.include?.includes('item.input_audio_transcription.logprobs') ?? false;
}

/** A token is a word with the space before it: all of them together are the transcript. */
function logprobsOf(text: string, logprobs: readonly number[]): Logprob[] {
  const tokens = text.match(/\s*\S+/g) ?? [];
  return tokens.flatMap((token, index) => {
    const logprob = logprobs[index];
    return logprob === undefined ? [] : [{ token, logprob, bytes: [...new TextEncoder().encode(token)] }];
  });
}

function sendSegments(core: Core, { item, segments = [] }: FactOf<'transcript.final'>, content_index: number): void {
  for (const { text, speaker, startMs, endMs } of segments) {
    send(core, {
      type: 'conversation.item.input_audio_transcription.segment',
      item_id: item,
      content_index,
      id: mint(core, 'seg'),
      text,
      speaker,
      start: Math.round(startMs) / 1000,
      end: Math.round(endMs) / 1000,
    });
  }
}

/** For clients that ask: the others' may hold an event to GA's fields. */
function voiceProfile({ config }: Core, { voiceProfile }: FactOf<'transcript.final'>) {
  if (!voiceProfile || readProviderData(config.providerData).stt?.voice_profile !== true) return {};
  return { providerData: { voiceProfile } };
}

export function onTranscriptFailed(core: Core, fact: FactOf<'transcript.failed'>): void {
  const entry = core.conversation.get(fact.item) ?? ownInput(core, fact.item);
  if (entry?.transcript.state !== 'pending') return;
  forgetWords(core, fact.item);
  entry.transcript = { state: 'failed', message: fact.failure.message, told: false };
  entry.soundBytes = 0;
  core.conversation.measure(entry);
  // A failure is told even when no transcription was asked for: the turn has no answer, and this says why.
  if (core.conversation.get(fact.item)) {
    send(core, {
      type: 'conversation.item.input_audio_transcription.failed',
      item_id: fact.item,
      content_index: soundIndex(entry.item as UserMessage),
      error: { ...failureBody(fact.failure), param: null },
    });
  }
  tell(core, { kind: 'words.settled' });
}

/** Which part is being recognised: the sound that came without its words. */
function soundIndex(item: UserMessage): number {
  const index = item.content.findIndex((part) => part.type === 'input_audio' && part.transcript === null);
  return Math.max(0, index);
}

/** What a response brings along beside the conversation: its words are told to nobody but the model. */
function ownInput({ live, wants }: Core, id: string): Entry | undefined {
  const waiting = wants.flatMap((each) => (each.reason === 'client' ? (each.settings?.input ?? []) : []));
  const inputs = [...live.flatMap(({ settings }) => settings.input ?? []), ...waiting];
  return inputs.flatMap((each) => (each.kind === 'item' ? each.entry : [])).find(({ item }) => item.id === id);
}
