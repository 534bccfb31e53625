// A decoder's process that does as the words it is told to know say. It does not load while there is a file `broken` in its folder of models.
import { existsSync } from 'node:fs';
import type { FromProcess, ToProcess } from '../../src/engines/local/pocketsphinx/pocketsphinx-messages.ts';

const send = (message: FromProcess) => process.send?.(message);
const modelDir = process.argv[4] ?? '';

process.on('disconnect', () => process.exit(0));
if (existsSync(`${modelDir}/broken`)) {
  send({ kind: 'failed', message: 'no model' });
  process.disconnect?.();
} else {
  let words: readonly string[] = [];
  process.on('message', (message: ToProcess) => {
    if (message.kind === 'begin') words = message.words;
    if (words.includes('crash')) process.exit(3);
    if (message.kind === 'audio' && !words.includes('deaf')) send({ kind: 'heard', utterance: message.utterance });
    if (message.kind === 'end' && !words.includes('endless')) send({ kind: 'final', utterance: message.utterance, segments: [] });
  });
  send({ kind: 'ready' });
}
