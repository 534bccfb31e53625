// Turns the word lists of the voice's package into tables that load at once: run when the model is converted.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LISTS_FILE, type Letters, type ListsHeader, SPELLED, type Wordings } from './word-lists.ts';
import { packSections, packTable } from './word-table.ts';

type ListedEntry = string | Readonly<Record<string, string | null>>;

interface ListedTagger {
  readonly tags: readonly string[];
  readonly tagdict: Readonly<Record<string, string>>;
  readonly vocab: readonly string[];
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * `source` has the package's lists under their plain names: normalize.json, tokenizer_exceptions.json, lexicon_us_gold.json.gz,
 * lexicon_us_silver.json.gz, tagger.json.gz, oov.json, vocab.json. Writes `words.bin` into `target`.
 */
export async function compileWordLists(source: string, target: string): Promise<void> {
  const list = async (name: string): Promise<unknown> => {
    const bytes = await readFile(join(source, name));
    return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  };
  const gold = (await list('lexicon_us_gold.json.gz')) as Record<string, ListedEntry>;
  const silver = (await list('lexicon_us_silver.json.gz')) as Record<string, ListedEntry>;
  const tagger = (await list('tagger.json.gz')) as ListedTagger;
  const entries = [...Object.values(gold), ...Object.values(silver)];
  const symbols = [...new Set(entries.flatMap((entry) => [...readings(entry)].flatMap(([, sounds]) => [...(sounds ?? '')])))].sort();
  const entryTags = [...new Set(entries.flatMap((entry) => (typeof entry === 'string' ? [] : Object.keys(entry))))].sort();
  const tags = [...tagger.tags].sort();
  const header: ListsHeader = {
    symbols,
    entryTags,
    tags,
    exceptions: (await list('tokenizer_exceptions.json')) as ListsHeader['exceptions'],
    wordings: (await list('normalize.json')) as Wordings,
    letters: (await list('oov.json')) as Letters,
    alphabet: (await list('vocab.json')) as ListsHeader['alphabet'],
  };
  const dictionary = (words: Record<string, ListedEntry>) => packTable(mapValues(words, (entry) => packEntry(entry, symbols, entryTags)));
  const packed = packSections(
    new Map([
      ['header', new TextEncoder().encode(JSON.stringify(header))],
      ['gold', dictionary(gold)],
      ['silver', dictionary(silver)],
      ['tag-of', packTable(mapValues(tagger.tagdict, (tag) => Uint8Array.of(tags.indexOf(tag))))],
      ['tag-words', packTable(new Map(tagger.vocab.map((word) => [word, new Uint8Array()])))],
      ['tag-weights', packTable(mapValues(tagger.weights, (weights) => packWeights(weights, tags)))],
    ]),
  );
  await writeFile(join(target, LISTS_FILE), packed);
}

function mapValues<V>(record: Readonly<Record<string, V>>, pack: (value: V) => Uint8Array): Map<string, Uint8Array> {
  return new Map(Object.entries(record).map(([key, value]) => [key, pack(value)]));
}

function readings(entry: ListedEntry): [string, string | null][] {
  return typeof entry === 'string' ? [['', entry]] : Object.entries(entry);
}

function packEntry(entry: ListedEntry, symbols: readonly string[], tags: readonly string[]): Uint8Array {
  const code = (sounds: string) => [...sounds].map((sound) => symbols.indexOf(sound));
  if (typeof entry === 'string') return Uint8Array.from([0, ...code(entry)]);
  const byTag = readings(entry).flatMap(([tag, sounds]) =>
    sounds === null ? [tags.indexOf(tag), SPELLED] : [tags.indexOf(tag), sounds.length, ...code(sounds)],
  );
  return Uint8Array.from([readings(entry).length, ...byTag]);
}

function packWeights(weights: Readonly<Record<string, number>>, tags: readonly string[]): Uint8Array {
  return Uint8Array.from(
    Object.entries(weights).flatMap(([tag, weight]) => {
      const tenths = Math.round(weight * 10);
      return [tags.indexOf(tag), tenths & 0xff, (tenths >> 8) & 0xff];
    }),
  );
}
