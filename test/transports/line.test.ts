// The socket under a WebSocket: what is written arrives as it was, and how much of it has been taken is seen piece by piece.
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { type LoopShare, LoopShares } from '../../src/lib/loop-shares.ts';
import { Line } from '../../src/transports/websocket/line.ts';

/** A socket whose far side takes what it is told to. */
class Held extends Duplex {
  readonly pieces: number[] = [];
  #done: ((error?: Error) => void)[] = [];
  override _read() {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void) {
    this.pieces.push(chunk.length);
    this.#done.push(done);
  }
  async accept(error?: Error) {
    this.#done.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const shares = new LoopShares(systemClock);
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Two ends of a real connection. */
async function pair(share: LoopShare = shares.open('key_1')): Promise<{ line: Line; far: Socket; near: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const far = connect(port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  closing.push(() => {
    far.destroy();
    near.destroy();
    server.close();
  });
  return { line: new Line(near, share), far, near };
}

/** All that comes. Not by `for await`, which ends the other direction with this one. */
function read(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('close', () => reject(new Error('closed before its end')));
  });
}

test('what has been taken of one large message is seen while the rest waits', async () => {
  const held = new Held();
  const line = new Line(held, shares.open('key_1'));
  let told = 0;
  line.onTaken = () => told++;
  line.write(Buffer.alloc(200_000));
  expect([line.takenBytes, line.waitingBytes]).toEqual([0, 200_000]);
  await held.accept();
  expect([line.takenBytes, line.waitingBytes, told]).toEqual([65_536, 134_464, 1]);
  line.write(Buffer.alloc(1000));
  expect(line.waitingBytes).toBe(135_464);
  await held.accept();
  await held.accept();
  await held.accept();
  expect([line.takenBytes, line.waitingBytes]).toEqual([200_000, 1000]);
  await held.accept();
  expect([line.takenBytes, line.waitingBytes]).toEqual([201_000, 0]);
  expect(held.pieces).toEqual([65_536, 65_536, 65_536, 3392, 1000]);
});

test('a write that fails ends it with that error', async () => {
  const held = new Held();
  const line = new Line(held, shares.open('key_1'));
  const failed = once(line, 'error');
  line.write(Buffer.alloc(200_000));
  await held.accept();
  await held.accept(new Error('broken pipe'));
  expect(await failed).toMatchObject([{ message: 'broken pipe' }]);
  expect([line.destroyed, held.destroyed]).toEqual([true, true]);
});

test('bytes of every size arrive in order in both directions, and so do the ends', async () => {
  const { line, far } = await pair();
  const sizes = [1, 0, 70_000, 3, 2_000_000, 65_536, 65_537, 10];
  const sent = sizes.map((size, index) => Buffer.alloc(size, index + 1));
  const [atFar, atLine] = [read(far), read(line)];
  for (const chunk of sent) line.write(chunk);
  line.cork();
  for (const chunk of sent) line.write(chunk);
  line.uncork();
  line.end();
  for (const chunk of sent) far.write(chunk);
  far.end();
  expect((await atFar).equals(Buffer.concat([...sent, ...sent]))).toBe(true);
  expect((await atLine).equals(Buffer.concat(sent))).toBe(true);
});

test('what came before both ends were closed is read all the same, however late', async () => {
  const { line, far, near } = await pair();
  const sent = Buffer.alloc(50_000, 7);
  const gone = once(near, 'close');
  far.end(sent);
  line.end();
  far.resume();
  await gone;
  const closed = once(line, 'close');
  expect((await read(line)).equals(sent)).toBe(true);
  await closed;
  expect(line.destroyed).toBe(true);
});

test('who is not listened to is not read', async () => {
  const { line, far, near } = await pair();
  let sent = 0;
  far.write(Buffer.alloc(40_000_000), () => {
    sent = 1;
  });
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect([sent, near.readableFlowing === false || near.isPaused()]).toEqual([0, true]);
  line.resume();
  await once(far, 'drain');
});

test('what comes when its key has had its turn of the main loop waits for the next, and nothing of it is lost', async () => {
  const held: (() => void)[] = [];
  const share: LoopShare = {
    ...shares.open('key_1'),
    inTurn: (task) =>
      new Promise((resolve) => {
        held.push(() => {
          task();
          resolve();
        });
      }),
  };
  const { line, far } = await pair(share);
  const bytes = read(line);
  far.end(Buffer.alloc(3_000_000, 5));
  await vi.waitFor(() => expect(held.length).toBe(1));
  for (let look = 0; look < 50; look++) await new Promise((resolve) => setImmediate(resolve));
  // No more than the one chunk has been read.
  expect(held.length).toBe(1);
  const serving = setInterval(() => held.shift()?.(), 0);
  expect((await bytes).equals(Buffer.alloc(3_000_000, 5))).toBe(true);
  clearInterval(serving);
});

test.each(['near', 'far'] as const)('it is closed when its socket is (%s end)', async (end) => {
  const { line, far, near } = await pair();
  const close = (stream: Duplex) => new Promise<void>((resolve) => void stream.once('close', () => resolve()));
  const closed = Promise.all([close(line), close(near)]);
  line.on('error', () => {});
  line.resume();
  if (end === 'far') far.resetAndDestroy();
  else line.destroy();
  await closed;
  expect([line.destroyed, near.destroyed]).toEqual([true, true]);
});
