// The wire format of Protocol Buffers: fields of varints, fixed 32-bit numbers and length-delimited bytes.
import { ModelFormatError } from './graph.ts';

/** Collects the fields of one message. Bytes are kept as they are and joined only at the end, so that weights are copied once. */
export class MessageWriter {
  readonly parts: Uint8Array[] = [];
  length = 0;

  varint(field: number, value: number | bigint): void {
    this.#add(varint(BigInt(field) << 3n), varint(BigInt.asUintN(64, BigInt(value))));
  }

  float(field: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#add(varint((BigInt(field) << 3n) | 5n), bytes);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#add(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.length)), value);
  }

  string(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (message: MessageWriter) => void): void {
    const inner = new MessageWriter();
    write(inner);
    this.#add(varint((BigInt(field) << 3n) | 2n), varint(BigInt(inner.length)), ...inner.parts);
  }

  packed(field: number, values: readonly (number | bigint)[]): void {
    const inner = new MessageWriter();
    for (const value of values) inner.#add(varint(BigInt.asUintN(64, BigInt(value))));
    this.#add(varint((BigInt(field) << 3n) | 2n), varint(BigInt(inner.length)), ...inner.parts);
  }

  #add(...parts: Uint8Array[]): void {
    for (const part of parts) {
      this.parts.push(part);
      this.length += part.length;
    }
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** One field of a message: a number of the kinds `varint` and `fixed`, or bytes. */
export type Field =
  | { readonly field: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly field: number; readonly kind: 'fixed32' | 'fixed64' | 'bytes'; readonly value: Uint8Array };

/** The fields of a message in the order in which they are there. Their bytes are views. */
export function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const take = (length: number) => {
    if (length > message.length - at) throw new ModelFormatError('The file is cut off or damaged.');
    at += length;
    return message.subarray(at - length, at);
  };
  const number = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new ModelFormatError('The file is damaged: a number has no end.');
  };
  while (at < message.length) {
    const key = Number(number());
    const field = key >>> 3;
    const wire = key & 7;
    if (wire === 0) yield { field, kind: 'varint', value: number() };
    else if (wire === 1) yield { field, kind: 'fixed64', value: take(8) };
    else if (wire === 2) yield { field, kind: 'bytes', value: take(Number(number())) };
    else if (wire === 5) yield { field, kind: 'fixed32', value: take(4) };
    else throw new ModelFormatError(`The file is damaged: there is no wire type ${wire}.`);
  }
}

/** The numbers of a repeated field, whether packed or one by one. */
export function varints(field: Field): bigint[] {
  if (field.kind === 'varint') return [BigInt.asIntN(64, field.value)];
  if (field.kind !== 'bytes') throw new ModelFormatError('A field that should hold whole numbers holds others.');
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of field.value) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      values.push(BigInt.asIntN(64, value));
      value = 0n;
      shift = 0n;
    }
  }
  return values;
}
