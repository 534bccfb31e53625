// Converts Moonshine base from the .ort files it is shipped as.
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
