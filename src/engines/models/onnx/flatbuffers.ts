// Reads FlatBuffers: tables whose fields are found by slot, in the order in which the schema declares them.
import { ModelFormatError } from './graph.ts';

export class Table {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #at: number;
  readonly #slots: number;
  readonly #slotBytes: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#at = at;
    this.#slots = at - this.#read(() => view.getInt32(at, true));
    this.#slotBytes = this.#read(() => view.getUint16(this.#slots, true));
  }

  /** The table at the root of a whole buffer with this identifier. */
  static root(bytes: Uint8Array, identifier: string): Table {
    const found = new TextDecoder('latin1').decode(bytes.subarray(4, 8));
    if (found !== identifier) throw new ModelFormatError(`The file should be marked '${identifier}' but is marked '${found}'.`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Table(view, view.getUint32(0, true));
  }

  uint8(slot: number): number {
    return this.#field(slot, 0, (at) => this.#view.getUint8(at));
  }

  int32(slot: number): number {
    return this.#field(slot, 0, (at) => this.#view.getInt32(at, true));
  }

  int64(slot: number): bigint {
    return this.#field(slot, 0n, (at) => this.#view.getBigInt64(at, true));
  }

  float(slot: number): number {
    return this.#field(slot, 0, (at) => this.#view.getFloat32(at, true));
  }

  string(slot: number): string {
    return this.#field(slot, '', (at) => this.#text(this.#follow(at)));
  }

  table(slot: number): Table | undefined {
    return this.#field<Table | undefined>(slot, undefined, (at) => new Table(this.#view, this.#follow(at)));
  }

  /** The bytes themselves, not a copy. */
  bytes(slot: number): Uint8Array {
    return this.#field(slot, new Uint8Array(0), (at) => {
      const { start, length } = this.#vector(at);
      if (start + length > this.#bytes.length) throw new RangeError();
      return this.#bytes.subarray(start, start + length);
    });
  }

  tables(slot: number): Table[] {
    return this.#elements(slot, 4, (at) => new Table(this.#view, this.#follow(at)));
  }

  strings(slot: number): string[] {
    return this.#elements(slot, 4, (at) => this.#text(this.#follow(at)));
  }

  int64s(slot: number): bigint[] {
    return this.#elements(slot, 8, (at) => this.#view.getBigInt64(at, true));
  }

  floats(slot: number): number[] {
    return this.#elements(slot, 4, (at) => this.#view.getFloat32(at, true));
  }

  #elements<T>(slot: number, size: number, element: (at: number) => T): T[] {
    return this.#field<T[]>(slot, [], (at) => {
      const { start, length } = this.#vector(at);
      if (start + length * size > this.#bytes.length) throw new RangeError();
      return Array.from({ length }, (_, index) => element(start + index * size));
    });
  }

  #field<T>(slot: number, absent: T, read: (at: number) => T): T {
    const place = 4 + 2 * slot;
    if (place + 2 > this.#slotBytes) return absent;
    return this.#read(() => {
      const offset = this.#view.getUint16(this.#slots + place, true);
      return offset === 0 ? absent : read(this.#at + offset);
    });
  }

  #follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #vector(at: number): { start: number; length: number } {
    const vector = this.#follow(at);
    return { start: vector + 4, length: this.#view.getUint32(vector, true) };
  }

  #text(at: number): string {
    const length = this.#view.getUint32(at, true);
    return new TextDecoder().decode(this.#bytes.subarray(at + 4, at + 4 + length));
  }

  /** An offset that leads out of the file means that the file is damaged. */
  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError) throw new ModelFormatError('The file is cut off or damaged.');
      throw error;
    }
  }
}
