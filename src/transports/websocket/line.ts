// The socket under a WebSocket, given what is written piece by piece: so it is seen how much of a message the far side has taken. Node tells
// of a whole write only, and one of our events may be larger than a slow line takes in a minute.
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { LoopShare } from '../../lib/loop-shares.ts';

const pieceBytes = 64 * 1024;

type Done = (error?: Error | null) => void;

export class Line extends Duplex {
  readonly #socket: Duplex;
  #takenBytes = 0;
  /** Of what is being written now: the stream counts all of it until the last piece has gone. */
  #begunBytes = 0;
  /** Until a chunk has had its turn on the main loop; what comes after it stays in the socket. */
  #turn: Promise<void> | undefined;
  /** Whoever reads this wants more. */
  #wanted = false;
  /** Called whenever the system has taken a piece. */
  onTaken: () => void = () => {};

  /** `share`: what those who read it may have of the main loop; what comes beyond that waits in the socket. */
  constructor(socket: Duplex, share: LoopShare) {
    super({ readableHighWaterMark: pieceBytes });
    this.#socket = socket;
    if (socket instanceof Socket) {
      socket.setTimeout(0);
      socket.setNoDelay();
    }
    socket.on('data', (chunk: Buffer) => {
      this.#wanted = false;
      const turn = share.inTurn(() => {
        if (this.push(chunk)) this.#wanted = true;
      });
      if (turn) this.#turn = this.#readOnAfter(turn);
      if (turn || !this.#wanted) socket.pause();
    });
    socket.on('end', () => {
      if (this.#turn) void this.#turn.then(() => this.push(null));
      else this.push(null);
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      // What came before the far side's end has not been read yet, perhaps: whoever reads it gets all of it first.
      if (socket.readableEnded && !this.readableEnded) this.once('end', () => this.destroy());
      else this.destroy();
    });
  }

  /** Bytes that the system has taken since the beginning. Some of them may still be on their way to the far side. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Bytes that wait here, because the far side does not take them. */
  get waitingBytes(): number {
    return this.writableLength - this.#begunBytes;
  }

  override _read(): void {
    this.#wanted = true;
    if (!this.#turn) this.#socket.resume();
  }

  async #readOnAfter(turn: Promise<void>): Promise<void> {
    await turn;
    this.#turn = undefined;
    if (this.#wanted) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#give([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#give(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: Done): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }

  /** Hands over a piece, waits until it has been taken, and goes on with the next. */
  #give(chunks: Buffer[], done: Done): void {
    const piece: Buffer[] = [];
    let bytes = 0;
    for (let [chunk] = chunks; chunk && bytes < pieceBytes; [chunk] = chunks) {
      const part = chunk.subarray(0, pieceBytes - bytes);
      piece.push(part);
      bytes += part.length;
      if (part.length === chunk.length) chunks.shift();
      else chunks[0] = chunk.subarray(part.length);
    }
    const taken = (error?: Error | null) => {
      if (error) return done(error);
      this.#takenBytes += bytes;
      if (chunks.length > 0) {
        this.#begunBytes += bytes;
        this.#give(chunks, done);
      } else {
        this.#begunBytes = 0;
        done();
      }
      this.onTaken();
    };
    this.#socket.cork();
    const last = piece.pop();
    for (const part of piece) this.#socket.write(part);
    this.#socket.write(last ?? Buffer.alloc(0), taken);
    this.#socket.uncork();
  }
}
