// What the scripted engines play: fixed delays and a fixed reply, read from PARLEY_SCRIPTED, so that whatever a load tool measures
// beyond them is the server's own time. Also their share of waiting: until a time is due, and for input until nobody wants it.
import { type Clock, sleep } from '../../lib/clock.ts';
import { EngineError } from '../engine.ts';

export interface Script {
  /** From the end of the audio to the final transcript. */
  readonly sttMs: number;
  /** From the request to the first token. */
  readonly llmMs: number;
  readonly tokensPerSecond: number;
  readonly tokens: number;
  /** From the first text to the first sound. */
  readonly ttsMs: number;
}

const parts = {
  stt: { field: 'sttMs', unit: 'milliseconds', least: 0, most: 60_000 },
  llm: { field: 'llmMs', unit: 'milliseconds', least: 0, most: 60_000 },
  rate: { field: 'tokensPerSecond', unit: 'tokens per second', least: 0.1, most: 100_000 },
  tokens: { field: 'tokens', unit: 'whole tokens', least: 1, most: 100_000 },
  tts: { field: 'ttsMs', unit: 'milliseconds', least: 0, most: 60_000 },
} as const;

const defaults: Script = { sttMs: 100, llmMs: 200, tokensPerSecond: 40, tokens: 30, ttsMs: 100 };

/**
 * Reads `stt=100,llm=200,rate=40,tokens=30,tts=100`: any of the parts, in any order, the rest by default as shown.
 * Throws EngineError `unavailable` that names the part it cannot read.
 */
export function parseScript(setting: string | undefined): Script {
  const script: Record<keyof Script, number> = { ...defaults };
  const seen = new Set<string>();
  for (const part of (setting ?? '').split(',')) {
    const text = part.trim();
    if (text === '') continue;
    const [name = '', value = '', ...more] = text.split('=').map((side) => side.trim());
    if (!isPart(name)) throw unreadable(text, `the parts are ${Object.keys(parts).join(', ')}`);
    if (seen.has(name)) throw unreadable(text, `${name} is given twice`);
    seen.add(name);
    const { field, unit, least, most } = parts[name];
    const number = Number(value);
    const fits = value !== '' && more.length === 0 && number >= least && number <= most && (name !== 'tokens' || Number.isInteger(number));
    if (!fits) throw unreadable(text, `${name} takes ${unit} from ${least} to ${most}`);
    script[field] = number;
  }
  return script;
}

function isPart(name: string): name is keyof typeof parts {
  return Object.hasOwn(parts, name);
}

function unreadable(part: string, reason: string): EngineError {
  return new EngineError('scripted', 'unavailable', `PARLEY_SCRIPTED: cannot read "${part}": ${reason}`);
}

/** Resolves once the clock shows `dueMs` (at once when it is past, so lateness never adds up) or the signal fires. */
export async function due(clock: Clock, dueMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = dueMs - clock.now();
  if (leftMs > 0) await sleep(clock, leftMs, signal);
}

/** The values of `source` until it ends or the signal fires, which also ends a wait for a source that has gone quiet. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  let leave: (() => void) | undefined;
  const abort = () => leave?.();
  signal.addEventListener('abort', abort, { once: true });
  let ended = false;
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        leave = () => resolve(undefined);
        iterator.next().then(resolve, (error: unknown) => {
          ended = true;
          reject(error);
        });
      });
      if (!next) return;
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // Not awaited: a generator that waits for input answers only after that input has come.
    if (!ended) iterator.return?.().catch(() => {});
  }
}

/** Throws once the engine is closed; to be asked wherever a call goes on after a wait. */
export function refuseWhenClosed(closing: AbortSignal): void {
  if (closing.aborted) throw new EngineError('scripted', 'unavailable', 'the scripted engine is shut down');
}
