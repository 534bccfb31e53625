// Messages out of the bytes of a TCP or TLS connection (RFC 3261 section 18.3), with the keep-alives of RFC 5626 between them.

export type Frame =
  /** The bytes of one whole message. */
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** A double CRLF between messages: whoever sent it wants a single one back (RFC 5626 section 4.4.1). */
  | { readonly kind: 'ping' }
  /** Where the next message begins is not known any more: the connection is of no use. `head` is what there is to answer. */
  | { readonly kind: 'broken'; readonly why: string; readonly head?: Buffer };

const nothing = Buffer.alloc(0);
/** Compact name and white space before the colon included; folded lines cannot hide it, as a fold begins with a blank. */
const contentLength = /\r\n(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)/gi;

export class Framing {
  readonly #most: () => number;
  #kept: Buffer = nothing;
  /** Up to where the end of the headers was already looked for, so that a slow sender does not have it looked through again. */
  #searched = 0;
  #broken = false;

  /** @param mostBytes how many bytes one message may have; asked anew each time, because strangers may send less. */
  constructor(mostBytes: () => number) {
    this.#most = mostBytes;
  }

  /** Bytes that no message was made of yet. */
  get waitingBytes(): number {
    return this.#kept.length;
  }

  /** What the bytes complete, in order. After `broken` nothing comes any more. */
  take(bytes: Buffer): Frame[] {
    if (this.#broken) return [];
    this.#kept = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    const frames: Frame[] = [];
    for (;;) {
      const frame = this.#next();
      if (!frame) break;
      frames.push(frame);
      if (frame.kind === 'broken') {
        this.#broken = true;
        this.#kept = nothing;
        break;
      }
    }
    // A small rest of a large read would keep all of it in memory.
    if (this.#kept.length > 0 && this.#kept.length < this.#kept.buffer.byteLength / 2) this.#kept = Buffer.from(this.#kept);
    return frames;
  }

  #next(): Frame | undefined {
    if (this.#kept[0] === 13 || this.#kept[0] === 10) {
      if (this.#kept.length >= 4 && this.#kept.subarray(0, 4).equals(doubleCrlf)) return this.#drop(4, { kind: 'ping' });
      // A CR that may be the first byte of a ping waits for the others; anything else before a start line is ignored (section 7.5).
      if (this.#kept.length < 4 && doubleCrlf.subarray(0, this.#kept.length).equals(this.#kept)) return undefined;
      let from = 0;
      while (this.#kept[from] === 13 || this.#kept[from] === 10) from++;
      this.#kept = this.#kept.subarray(from);
      this.#searched = 0;
    }
    const most = this.#most();
    const end = this.#kept.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3));
    this.#searched = this.#kept.length;
    if (end < 0) return this.#kept.length > most ? { kind: 'broken', why: 'the headers are too long' } : undefined;
    const head = this.#kept.subarray(0, end + 4);
    const lengths = [...head.toString('latin1').matchAll(contentLength)].map(([, value = '']) => value.trim());
    const length = lengths[0] ?? '0';
    if (lengths.some((other) => other !== length) || !/^\d{1,9}$/.test(length)) {
      return { kind: 'broken', why: 'Content-Length is none', head };
    }
    const whole = end + 4 + Number(length);
    if (whole > most) return { kind: 'broken', why: 'the message is too long', head };
    if (this.#kept.length < whole) {
      this.#searched = end;
      return undefined;
    }
    return this.#drop(whole, { kind: 'message', bytes: this.#kept.subarray(0, whole) });
  }

  #drop(bytes: number, frame: Frame): Frame {
    this.#kept = this.#kept.subarray(bytes);
    this.#searched = 0;
    return frame;
  }
}

const doubleCrlf = Buffer.from('\r\n\r\n');
