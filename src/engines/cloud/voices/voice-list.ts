// The voices of a service, page by page as it tells them.
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../lib/log.ts';
import type { Voice } from '../../engine.ts';
import { getJson } from '../get-json.ts';
import { ToldList } from '../told-list.ts';

const LIST_MS = 5000;
/** Some services have thousands, most of them others' clones. */
const MOST_VOICES = 2000;
const MOST_PAGES = 20;

/** One page of a list, and where the next one is. */
export interface VoicePage {
  readonly voices: readonly Voice[];
  readonly next?: string | undefined;
}

export interface VoiceListOptions {
  /** The service, for the log. */
  readonly engine: string;
  readonly documented: readonly Voice[];
  readonly clock: Clock;
  readonly log: Log;
  /** Where the service may tell its voices: the first that has some is believed. */
  readonly sources?: readonly VoiceSource[];
}

interface VoiceSource {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly read: (body: unknown) => VoicePage;
}

/** A service's voices, those that it documents until it has told them. */
export function voiceList({ engine, documented, clock, log, sources = [] }: VoiceListOptions): ToldList<Voice> {
  const ask = async () => {
    const voices = new Map<string, Voice>();
    for (const source of sources) {
      try {
        await readPages(source, clock, voices);
      } catch (error) {
        // A key may be allowed to speak and not to list.
        log.info({ engine, problem: error instanceof Error ? error.message : String(error) }, 'the list of voices cannot be had');
      }
      if (voices.size > 0) break;
    }
    return [...voices.values()].slice(0, MOST_VOICES);
  };
  return new ToldList({ known: documented, clock, ask });
}

/** Into `voices`, so that the pages before a failure are not lost. */
async function readPages({ url, headers, read }: VoiceSource, clock: Clock, voices: Map<string, Voice>): Promise<void> {
  let next: string | undefined = url;
  for (let page = 0; next !== undefined && page < MOST_PAGES && voices.size < MOST_VOICES; page += 1) {
    const told = read(await getJson(next, { headers, timeoutMs: LIST_MS, clock }));
    for (const voice of told.voices) voices.set(voice.id.toLowerCase(), voice);
    next = told.next;
  }
}
