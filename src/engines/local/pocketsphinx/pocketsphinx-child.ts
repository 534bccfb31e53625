// The program of a decoder's process: loads the model, then works off one utterance after the other. It lives exactly as long as the
// channel to the server does.
import type { FromProcess, ToProcess } from './pocketsphinx-messages.ts';
import { Decoder } from './pocketsphinx-native.ts';

/** A guess is looked at every 100 ms of audio. */
const PARTIAL_SAMPLES = 1600;

function send(message: FromProcess): void {
  process.send?.(message);
}

process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C reaches the whole group: the server decides when a decoder may stop.
process.on('SIGINT', () => {});

const [sphinxbase = '', pocketsphinx = '', modelDir = ''] = process.argv.slice(2);
let decoder: Decoder;
try {
  decoder = new Decoder({ sphinxbase, pocketsphinx, modelDir });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.disconnect?.();
}

let utterance = 0;
let unseenSamples = 0;
let shown = '';

process.on('message', (message: ToProcess) => {
  if (message.kind === 'begin') {
    decoder.drop();
    decoder.setVocabulary(message.words);
    decoder.begin();
    utterance = message.utterance;
    unseenSamples = 0;
    shown = '';
  }
  if (message.utterance !== utterance) return;
  if (message.kind === 'audio') hear(message.samples);
  if (message.kind === 'cancel') decoder.drop();
  if (message.kind === 'end') send({ kind: 'final', utterance, segments: decoder.end() });
});

function hear(samples: Int16Array): void {
  decoder.push(samples);
  unseenSamples += samples.length;
  if (unseenSamples >= PARTIAL_SAMPLES) {
    unseenSamples = 0;
    const guess = decoder.hypothesis();
    if (guess !== shown) {
      shown = guess;
      send({ kind: 'heard', utterance, segments: decoder.segments() });
      return;
    }
  }
  send({ kind: 'heard', utterance });
}

send({ kind: 'ready' });
