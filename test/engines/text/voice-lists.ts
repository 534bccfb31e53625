// The word lists of the voice, where they are on this machine.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { LetterNet } from '../../../src/engines/text/front-end.ts';
import { hasModel, modelFolder } from '../../models.ts';

const model = 'hibari-heart';

export const voiceListsThere = hasModel(model);

let lists: Promise<{ folder: string; net: LetterNet }> | undefined;

/** The compiled lists, and the net for unknown words. */
export function voiceLists(): Promise<{ folder: string; net: LetterNet }> {
  lists ??= makeLists();
  return lists;
}

async function makeLists(): Promise<{ folder: string; net: LetterNet }> {
  const folder = modelFolder(model);
  const session = await InferenceSession.create(join(folder, 'oov.onnx'), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  const net: LetterNet = async (letters) => {
    const found = await session.run({ [input]: new Tensor('int64', BigInt64Array.from(letters, BigInt), [1, letters.length]) });
    return found[output]?.data as BigInt64Array;
  };
  return { folder, net };
}
