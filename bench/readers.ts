// Recognisers that read what a voice said, in the benchmark's own process: the same for every voice, whatever the server under test hears with.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pick, rows } from '../src/engines/catalogue.ts';
import type { EngineEnvironment } from '../src/engines/engine.ts';
import { ModelStore } from '../src/engines/models/store.ts';
import { Normaliser } from '../src/engines/text/normaliser.ts';
import { TracedText } from '../src/engines/text/traced.ts';
import { LISTS_FILE, loadWordLists } from '../src/engines/text/word-lists.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { numbersByDigit, numbersInPairs, numbersSpoken } from './word-errors.ts';

export interface Reader {
  readonly name: string;
  /** Mono 16 kHz. */
  read(samples: Int16Array): Promise<string>;
  /** With numbers, dates and the like in words, in each way that they may be said: one writes `3.30`, another `three thirty`, and both are right. */
  asSpoken(text: string): readonly string[];
  close(): Promise<void>;
}

const wanted = ['moonshine', 'whisper'];
const startMs = 60_000;

/** Those whose models are in the data folder: none is fetched for a benchmark. */
export async function openReaders(dataDir: string): Promise<Reader[]> {
  const environment: EngineEnvironment = {
    dataDir,
    settings: { PARLEY_STT_PROCESSES: '1' },
    log: silentLog,
    clock: systemClock,
    models: new ModelStore({ dataDir, settings: {}, log: silentLog, clock: systemClock }),
  };
  const spoken = await spokenForm(environment);
  const asSpoken = (text: string) => [text, numbersInPairs(text), numbersByDigit(text)].map(spoken);
  const readers: Reader[] = [];
  for (const id of wanted) {
    const models = existsSync(join(dataDir, 'models')) && rows.stt.some((row) => row.id === id);
    const here = models && existsSync(join(dataDir, 'models', id === 'whisper' ? 'whisper-base' : 'moonshine-base-en'));
    if (!here) continue;
    const engine = pick(rows.stt, id).create(environment);
    await engine.warmUp(AbortSignal.timeout(startMs));
    readers.push({
      name: engine.info.name.replace(/ \(.*/, ''),
      read: async (samples) => {
        const recognition = engine.open({ model: '', vocabulary: [], language: 'en' }, () => {});
        recognition.hear(samples);
        const { text } = await recognition.words('final');
        recognition.close();
        return text;
      },
      asSpoken,
      close: () => engine.close(),
    });
  }
  return readers;
}

/** By the rules of the voice's own text front end, where its word lists are here. */
async function spokenForm({ models, dataDir }: EngineEnvironment): Promise<(text: string) => string> {
  if (!existsSync(join(dataDir, 'models', 'hibari-heart'))) return numbersSpoken;
  const folder = await models.folder('hibari-heart', AbortSignal.timeout(startMs));
  if (!existsSync(join(folder, LISTS_FILE))) return numbersSpoken;
  const normaliser = new Normaliser((await loadWordLists(folder)).wordings);
  return (text) => {
    const traced = new TracedText(text);
    normaliser.rewrite(traced);
    return numbersSpoken(traced.text);
  };
}
