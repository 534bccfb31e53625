// The flite command as a function: its WASI module with exactly the system calls it needs, all in memory. No file, no clock, no disk.

/** A compiled module; it can be sent to a worker, which then shares the machine code. */
export type WasmModule = object & { readonly brand?: 'module' };

interface WasmInstance {
  readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly _start: () => void };
}

const wasm = (
  globalThis as unknown as {
    WebAssembly: {
      compile(bytes: Uint8Array): Promise<WasmModule>;
      Instance: new (module: WasmModule, imports: Record<string, Record<string, (...values: never[]) => unknown>>) => WasmInstance;
    };
  }
).WebAssembly;

export function compileWasm(bytes: Uint8Array): Promise<WasmModule> {
  return wasm.compile(bytes);
}

/** What the command left behind. */
export interface ProgramResult {
  readonly printed: string;
  /** The one file it wrote; valid until the next run. */
  readonly file: Uint8Array;
}

// File descriptors of the sandbox: a folder that holds one file.
const FOLDER = 3;
const FILE = 4;
const BAD_DESCRIPTOR = 8;
const NOT_SEEKABLE = 70;

class Exit extends Error {}

/**
 * One instance, used again and again: `main` leaves the globals as it found them, so that writing the first image of the memory back
 * (3 ms) makes it new, where another instance would cost 15 to 45 ms.
 */
export class FliteProgram {
  readonly #instance: WasmInstance;
  readonly #image: Uint8Array;
  #arguments: Uint8Array[] = [];
  #printed: Uint8Array[] = [];
  #file = new Uint8Array(256 * 1024);
  #fileLength = 0;
  #position = 0;

  constructor(module: WasmModule) {
    this.#instance = new wasm.Instance(module, { wasi_snapshot_preview1: this.#systemCalls() });
    this.#image = new Uint8Array(this.#instance.exports.memory.buffer).slice();
  }

  /** Runs the command once. Needs `rewind` before it can run again; throws when it traps or fails, and is of no use after that. */
  run(commandLine: readonly string[]): ProgramResult {
    const encoder = new TextEncoder();
    this.#arguments = commandLine.map((argument) => encoder.encode(`${argument}\0`));
    this.#printed = [];
    this.#fileLength = 0;
    this.#instance.exports._start();
    return { printed: Buffer.concat(this.#printed).toString('latin1'), file: this.#file.subarray(0, this.#fileLength) };
  }

  /** Takes the memory back to its first image. */
  rewind(): void {
    const memory = new Uint8Array(this.#instance.exports.memory.buffer);
    memory.set(this.#image);
    // What the program grew beyond that stays its own, as zeros.
    memory.fill(0, this.#image.length);
  }

  #systemCalls(): Record<string, (...values: never[]) => unknown> {
    const view = () => new DataView(this.#instance.exports.memory.buffer);
    const bytes = () => new Uint8Array(this.#instance.exports.memory.buffer);
    return {
      args_sizes_get: (count: number, size: number) => {
        view().setUint32(count, this.#arguments.length, true);
        view().setUint32(
          size,
          this.#arguments.reduce((sum, argument) => sum + argument.length, 0),
          true,
        );
        return 0;
      },
      args_get: (pointers: number, buffer: number) => {
        let at = buffer;
        this.#arguments.forEach((argument, i) => {
          view().setUint32(pointers + 4 * i, at, true);
          bytes().set(argument, at);
          at += argument.length;
        });
        return 0;
      },
      // Only its benchmark mode asks for the time.
      clock_time_get: (_clock: number, _precision: bigint, result: number) => {
        view().setBigUint64(result, 0n, true);
        return 0;
      },
      fd_prestat_get: (descriptor: number, result: number) => {
        if (descriptor !== FOLDER) return BAD_DESCRIPTOR;
        view().setUint8(result, 0);
        view().setUint32(result + 4, 1, true);
        return 0;
      },
      fd_prestat_dir_name: (_descriptor: number, path: number) => {
        bytes()[path] = 0x2f;
        return 0;
      },
      fd_fdstat_get: (descriptor: number, result: number) => {
        bytes().fill(0, result, result + 24);
        // 2 is a character device, 3 a folder, 4 a regular file; then everything is allowed.
        view().setUint8(result, descriptor < FOLDER ? 2 : descriptor === FOLDER ? 3 : 4);
        bytes().fill(0xff, result + 8, result + 24);
        return 0;
      },
      fd_fdstat_set_flags: () => 0,
      path_open: (...values: number[]) => {
        this.#fileLength = 0;
        this.#position = 0;
        view().setUint32(values[8] as number, FILE, true);
        return 0;
      },
      fd_close: () => 0,
      fd_read: (_descriptor: number, _vectors: number, _count: number, result: number) => {
        view().setUint32(result, 0, true);
        return 0;
      },
      fd_seek: (descriptor: number, offset: bigint, whence: number, result: number) => {
        if (descriptor !== FILE) return NOT_SEEKABLE;
        this.#position = Number(offset) + (whence === 0 ? 0 : whence === 1 ? this.#position : this.#fileLength);
        view().setBigUint64(result, BigInt(this.#position), true);
        return 0;
      },
      fd_write: (descriptor: number, vectors: number, count: number, result: number) => {
        let written = 0;
        for (let i = 0; i < count; i++) {
          const start = view().getUint32(vectors + 8 * i, true);
          const length = view().getUint32(vectors + 8 * i + 4, true);
          const piece = bytes().subarray(start, start + length);
          if (descriptor === FILE) this.#write(piece);
          else this.#printed.push(piece.slice());
          written += length;
        }
        view().setUint32(result, written, true);
        return 0;
      },
      proc_exit: (code: number) => {
        throw new Exit(`flite ended with code ${code}`);
      },
    };
  }

  #write(piece: Uint8Array): void {
    const end = this.#position + piece.length;
    if (end > this.#file.length) {
      const larger = new Uint8Array(end * 2);
      larger.set(this.#file.subarray(0, this.#fileLength));
      this.#file = larger;
    }
    this.#file.set(piece, this.#position);
    this.#position = end;
    this.#fileLength = Math.max(this.#fileLength, end);
  }
}
