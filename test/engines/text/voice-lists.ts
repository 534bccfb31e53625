// The word lists of the voice, where they are on this machine: fetched by the server, or the package's beside the clone.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { compileWordLists } from '../../../src/engines/text/compile.ts';
import type { LetterNet } from '../../../src/engines/text/front-end.ts';

const repository = resolve(import.meta.dirname, '../../..');
const compiled = [join(repository, '.parley/models/hibari-heart')].find((folder) => existsSync(join(folder, 'words.bin')));
const listed = [process.env.HIBARI_LISTS ?? '', join(repository, '../weights/hibari_tts/hibari/assets')].find((folder) =>
  existsSync(join(folder, 'lexicon_us_gold.json.gz')),
);

export const voiceListsThere = compiled !== undefined || listed !== undefined;

let lists: Promise<{ folder: string; net: LetterNet }> | undefined;

/** The compiled lists, and the net for unknown words. */
export function voiceLists(): Promise<{ folder: string; net: LetterNet }> {
  lists ??= makeLists();
  return lists;
}

async function makeLists(): Promise<{ folder: string; net: LetterNet }> {
  const source = compiled ?? listed ?? '';
  const folder = compiled ?? mkdtempSync(join(tmpdir(), 'parley-lists-'));
  if (compiled === undefined) await compileWordLists(source, folder);
  const session = await InferenceSession.create(join(source, 'oov.onnx'), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  const net: LetterNet = async (letters) => {
    const found = await session.run({ [input]: new Tensor('int64', BigInt64Array.from(letters, BigInt), [1, letters.length]) });
    return found[output]?.data as BigInt64Array;
  };
  return { folder, net };
}
