// How Whisper's weights and vocabulary are read, on small ones made by hand.
import { describe, expect, it } from 'vitest';
import { Ct2File } from '../../src/engines/local/whisper/ct2-file.ts';
import { tokensFromVocabulary } from '../../src/engines/local/whisper/vocabulary.ts';
import { ModelFormatError } from '../../src/engines/models/onnx/graph.ts';

const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const text = (value: string) => Buffer.concat([Buffer.from(Uint16Array.of(value.length + 1).buffer), Buffer.from(`${value}\0`)]);

function variable(name: string, dims: readonly number[], type: number, data: Uint8Array): Buffer {
  return Buffer.concat([text(name), Buffer.of(dims.length), ...dims.map(u32), Buffer.of(type), u32(data.length), data]);
}

function file(version = 6, kind = 'WhisperSpec'): Buffer {
  const halves = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x8000, 0x7bff).buffer);
  const variables = [variable('layer/weight', [2, 3], 4, halves), variable('count', [], 2, Uint8Array.of(8, 0))];
  return Buffer.concat([u32(version), text(kind), u32(3), u32(variables.length), ...variables, u32(0)]);
}

describe('a file of CTranslate2', () => {
  it('gives its weights in single precision', () => {
    const { dims, values } = new Ct2File(file()).get('layer/weight');
    expect(dims).toEqual([2, 3]);
    expect([...values]).toEqual([1, -2, 1365 / 4096, 2 ** -24, -0, 65_504]);
  });

  it('is refused when it is cut off, of another version, of another model, or lacks what is looked for', () => {
    for (let length = 0; length < file().length - 4; length++) {
      expect(() => new Ct2File(file().subarray(0, length)), `${length} bytes`).toThrow(/cut off/);
    }
    expect(() => new Ct2File(file(5))).toThrow(ModelFormatError);
    expect(() => new Ct2File(file(6, 'TransformerSpec'))).toThrow(ModelFormatError);
    expect(() => new Ct2File(file()).get('layer/bias')).toThrow(ModelFormatError);
    expect(() => new Ct2File(file()).get('count')).toThrow(ModelFormatError);
  });
});

describe('the vocabulary of Whisper', () => {
  it('becomes the bytes of each token behind their length', () => {
    expect([...tokensFromVocabulary('!\nĠa\nÃ©\n\n<|en|>\n')]).toEqual([
      1,
      0x21,
      2,
      0x20,
      0x61,
      2,
      0xc3,
      0xa9,
      0,
      6,
      ...Buffer.from('<|en|>'),
    ]);
  });

  it('has every byte', () => {
    const hidden = [...Array(33).keys(), ...Array.from({ length: 34 }, (_, index) => 0x7f + index), 0xad];
    const letters = hidden.map((_, index) => String.fromCharCode(0x100 + index));
    expect([...tokensFromVocabulary(letters.join('\n'))]).toEqual(hidden.flatMap((byte) => [1, byte]));
  });

  it('says a length from 128 on in two bytes', () => {
    const [first, second, ...rest] = tokensFromVocabulary(`${'a'.repeat(300)}\n`);
    expect([first, second, rest.length]).toEqual([128 + (300 % 128), 2, 300]);
  });
});
