// Converts Whisper base from the weights in half precision that it is packed as, to graphs with weights in eight bits.
//
// Everything is float32 unless it says otherwise. M frames of the mel spectrogram (10 ms each, at most 3000); S = M / 2, rounded up; P tokens before
// this run, N in it (P + N ≤ 448); L from 0 to 5.
//
//   encoder.onnx  in   mel                                                     [1, 80, M]
//                 out  last_hidden_state                                       [1, S, 512]
//   cross.onnx    in   encoder_hidden_states                                   [1, S, 512]    last_hidden_state
//                 out  past_key_values.L.encoder.key and .value                [1, 8, S, 64]  as they go into every step
//   step.onnx     in   input_ids                                         int64 [1, N]
//                      past_key_values.L.decoder.key and .value                [1, 8, P, 64]  P = 0 at first
//                      past_key_values.L.encoder.key and .value                [1, 8, S, 64]
//                 out  logits                                                  [1, N, 51865]
//                      present.L.decoder.key and .value                        [1, 8, P+N, 64]
//                      cross_attentions.3, .4 and .5                           [1, 8, N, S]   how much each token looks at each frame
//   tokens.bin    the bytes of each token, in the form of Moonshine's
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeOnnx } from '../../models/onnx/onnx-file.ts';
import { Ct2File } from './ct2-file.ts';
import { crossGraph, encoderGraph, stepGraph } from './graphs.ts';
import { tokensFromVocabulary } from './vocabulary.ts';

export async function convert(source: string, target: string): Promise<void> {
  const weights = new Ct2File(await readFile(join(source, 'model.bin')));
  await writeFile(join(target, 'encoder.onnx'), encodeOnnx(encoderGraph(weights)));
  await writeFile(join(target, 'cross.onnx'), encodeOnnx(crossGraph(weights)));
  await writeFile(join(target, 'step.onnx'), encodeOnnx(stepGraph(weights)));
  await writeFile(join(target, 'tokens.bin'), tokensFromVocabulary(await readFile(join(source, 'vocabulary.txt'), 'utf8')));
}
