// ONNX Runtime's own format, as ONNX Runtime writes it.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFormatError } from '../../../src/engines/models/onnx/graph.ts';
import { encodeOnnx } from '../../../src/engines/models/onnx/onnx-file.ts';
import { readOrt } from '../../../src/engines/models/onnx/ort-format.ts';
import { branching, runBranching, sessionOptions } from './onnx-graphs.ts';

describe('a model in ONNX Runtime’s own format', () => {
  let folder: string;
  let bytes: Uint8Array;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-ort-'));
    const optimizedModelFilePath = join(folder, 'branching.ort');
    const session = await ort.InferenceSession.create(encodeOnnx(branching()), {
      ...sessionOptions,
      optimizedModelFilePath,
      graphOptimizationLevel: 'disabled',
      extra: { session: { save_model_format: 'ORT' } },
    });
    await session.release();
    bytes = await readFile(optimizedModelFilePath);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is read with its nodes, branches, weights, inputs and outputs', () => {
    const { graph, opsets } = readOrt(bytes);
    expect(opsets).toContainEqual({ domain: '', version: 17 });
    expect(graph.inputs).toEqual(branching().graph.inputs);
    expect(graph.outputs).toEqual(branching().graph.outputs);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Mul', 'If']);
    const branch = graph.nodes[1]?.attributes.get('then_branch');
    expect(branch?.type === 'graph' && branch.value.nodes).toMatchObject([{ op: 'Add', inputs: ['x', 'one'], outputs: ['raised'] }]);
  });

  it('means the same when it is written as ONNX', async () => {
    const read = readOrt(bytes);
    const written = encodeOnnx({ ...read, irVersion: 8, opsets: read.opsets.filter(({ domain }) => domain === '') });
    expect(await runBranching(written, true)).toEqual([11, 21]);
    expect(await runBranching(written, false)).toEqual([1, 11]);
  });

  it('that is something else or leads out of itself is refused as such', () => {
    expect(() => readOrt(encodeOnnx(branching()))).toThrow(ModelFormatError);
    expect(() => readOrt(new Uint8Array(3))).toThrow(ModelFormatError);
    for (const length of [8, 40, bytes.length >> 1])
      expect(() => readOrt(bytes.subarray(0, length)), `${length} bytes`).toThrow(ModelFormatError);
  });
});
