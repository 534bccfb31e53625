// One speech for each segment of a text, so that none colours the next: what `per_segment_context` asks of a voice.
import type { Speech, Tts, TtsOptions } from '../engines/engine.ts';

/** Speaks each piece of the text by itself, as one speech: words are timed from its beginning. */
export async function* speakApart(
  engine: Tts,
  text: AsyncIterable<string>,
  options: TtsOptions,
  signal: AbortSignal,
): AsyncGenerator<Speech, void> {
  let spokenMs = 0;
  for await (const piece of text) {
    const beganMs = spokenMs;
    for await (const speech of engine.speak(only(piece), options, signal)) {
      const { pcm, words } = speech;
      spokenMs += (pcm.samples.length * 1000) / pcm.rateHz;
      yield words
        ? {
            pcm,
            words: words.map(({ text: word, startMs, endMs }) => ({ text: word, startMs: startMs + beganMs, endMs: endMs + beganMs })),
          }
        : speech;
    }
    if (signal.aborted) return;
  }
}

async function* only(piece: string): AsyncGenerator<string, void> {
  yield piece;
}
