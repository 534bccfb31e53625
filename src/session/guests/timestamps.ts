// timestamp_info of response.output_audio.delta (protocol 7.6): when the words that begin in a stretch of sound are said.
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { TimestampInfo } from '../../protocol/server-events.ts';
import { type Core, type Guest } from '../core.ts';
import type { SpokenWord } from '../facts.ts';
import type { Response } from '../state.ts';

/** What a client wants to be told: when each word or letter is said, and where: with the sound, or right after it. */
interface Wish {
  of: 'word' | 'character';
  transport: 'sync' | 'async';
}

/** What it keeps: the wishes as they stood when each of the live responses began. */
interface Timestamps {
  wishes: { response: string; wish: Wish }[];
}

export const timestamps: Guest = {
  name: 'timestamps',
  begin: (): Timestamps => ({ wishes: [] }),
  on: {
    'response.begun': keepWish,
    'response.ended': (core, { response }) => {
      const slice = own(core);
      slice.wishes = slice.wishes.filter((each) => each.response !== response.id);
    },
  },
  timingOf: (core, response, words, before) => {
    const wish = own(core).wishes.find((each) => each.response === response.id)?.wish;
    const info = wish && timestampInfo(wish.of, words, before);
    return info && { info, apart: wish.transport === 'async' };
  },
};

const own = (core: Core) => core.guests[timestamps.name] as Timestamps;

function keepWish(core: Core, { response }: { response: Response }): void {
  const { timestamp_type, timestamp_transport_strategy = 'sync' } = readProviderData(core.config.providerData).tts ?? {};
  if (!timestamp_type) return;
  own(core).wishes.push({ response: response.id, wish: { of: timestamp_type, transport: timestamp_transport_strategy } });
}

const seconds = (ms: number) => Math.round(ms) / 1000;

/** Undefined where no word begins. `before` is the word spoken last, if there was one. */
function timestampInfo(
  of: Wish['of'],
  words: readonly SpokenWord[] | undefined,
  before: SpokenWord | undefined,
): TimestampInfo | undefined {
  if (!words || words.length === 0) return undefined;
  if (of === 'character') return { character_alignment: characters(words, before) };
  return {
    word_alignment: {
      words: words.map(({ text }) => text),
      word_start_time_seconds: words.map(({ startMs }) => seconds(startMs)),
      word_end_time_seconds: words.map(({ endMs }) => seconds(endMs)),
    },
  };
}

/** Voices time their words; a word's letters share its time evenly. The space between two words lasts from one to the other. */
function characters(words: readonly SpokenWord[], before: SpokenWord | undefined) {
  const timed: SpokenWord[] = [];
  let last = before;
  for (const word of words) {
    if (last) timed.push({ text: ' ', startMs: Math.min(last.endMs, word.startMs), endMs: word.startMs });
    const letters = [...word.text];
    const eachMs = (word.endMs - word.startMs) / letters.length;
    letters.forEach((text, index) => {
      timed.push({ text, startMs: word.startMs + index * eachMs, endMs: word.startMs + (index + 1) * eachMs });
    });
    last = word;
  }
  return {
    characters: timed.map(({ text }) => text),
    character_start_time_seconds: timed.map(({ startMs }) => seconds(startMs)),
    character_end_time_seconds: timed.map(({ endMs }) => seconds(endMs)),
  };
}
