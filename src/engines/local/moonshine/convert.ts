// Converts Moonshine base from the .ort files it is shipped as, which make their weights anew at every token, into three graphs that do not.
// The weights stay the shipped ones, to the bit; only what passes between the layers is rounded to eight bits as it comes.
//
// Everything is float32 unless it says otherwise. n samples at 16 kHz, ±1; S frames, one for each 384 samples; P tokens before this run, N in it
// (P + N ≤ 1024); L from 0 to 7.
//
//   encoder.onnx  in   input_values                                            [1, n]         n from 895 samples to 98 s
//                 out  last_hidden_state                                       [1, S, 416]
//   cross.onnx    in   encoder_hidden_states                                   [1, S, 416]    last_hidden_state
//                 out  past_key_values.L.encoder.key and .value                [1, 8, S, 52]  as they go into every step
//   step.onnx     in   input_ids                                         int64 [1, N]         1 begins
//                      past_key_values.L.decoder.key and .value                [1, 8, P, 52]  P = 0 at first
//                      past_key_values.L.encoder.key and .value                [1, 8, S, 52]
//                 out  logits                                                  [1, N, 32768]  2 ends
//                      present.L.decoder.key and .value                        [1, 8, P+N, 52]
//                      cross_attentions.5, .6 and .7                           [1, 8, N, S]   how much each token looks at each frame
//   tokens.bin    tokenizer.bin as shipped
//
// A run of `step` takes about as long as reading its weights does, so that twenty tokens known beforehand cost little more than one. Outputs that
// are not fetched cost nothing.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelFormatError } from '../../models/onnx/graph.ts';
import { encodeOnnx } from '../../models/onnx/onnx-file.ts';
import { readOrt } from '../../models/onnx/ort-format.ts';
import { crossGraph, stepGraph } from './decoder-graphs.ts';
import { encoderGraph } from './encoder-graph.ts';
import { Weights } from './weights.ts';

export async function convert(source: string, target: string): Promise<void> {
  const encoder = readOrt(await readFile(join(source, 'encoder_model.ort'))).graph;
  await writeFile(join(target, 'encoder.onnx'), encodeOnnx(encoderGraph(new Weights([encoder]))));

  const decoder = readOrt(await readFile(join(source, 'decoder_model_merged.ort'))).graph;
  const branches = decoder.nodes.flatMap(({ attributes }) =>
    [...attributes.values()].flatMap((each) => (each.type === 'graph' ? [each.value] : [])),
  );
  if (branches.length === 0) throw new ModelFormatError('The decoder has no branches.');
  const weights = new Weights([decoder, ...branches]);
  await writeFile(join(target, 'cross.onnx'), encodeOnnx(crossGraph(weights)));
  await writeFile(join(target, 'step.onnx'), encodeOnnx(stepGraph(weights)));

  await copyFile(join(source, 'tokenizer.bin'), join(target, 'tokens.bin'));
}
