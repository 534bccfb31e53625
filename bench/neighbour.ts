// (neighbour) what one hostile key does to the conversations of another: their added latency beside each attack, against that without any.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sleep, systemClock } from '../src/lib/clock.ts';
import type { AttackOrder } from './attack-process.ts';
import { type AttackName, attackNames } from './attacks.ts';
import { ENGINES_MS } from './caller.ts';
import { Load } from './load.ts';
import { summary } from './latency.ts';
import type { Beside, NeighbourResult, Newcomers } from './neighbour-report.ts';
import { residentBytes } from './processes.ts';
import { pinned, ServerProcess } from './server.ts';
import type { Tally } from './siege.ts';
import type { Clip } from './speech.ts';
import { Wire } from './wire.ts';

export interface NeighbourOptions {
  readonly embedded: boolean;
  /** How long each attack is measured. */
  readonly seconds: number;
  readonly attacks: readonly AttackName[];
}

/** Of the neighbour. The embedded engines share one core with the whole server. */
const conversations = { scripted: 8, embedded: 2 } as const;
/** Of the attacker: Inworld's limit for one key. */
const hostileSessions = 20;
/** Beyond, the attack is broken off: the machine is others', too. */
const mostBytes = 3e9;
/**
 * From the first words: conversations go on at their own pace whatever the server does, so that by this timetable the same turns are measured each
 * time, with nobody and with somebody beside them.
 */
const attackedMs = 3000;
const measuredMs = 6000;
const lookMs = 250;
const newcomerMs = 1000;
const patienceMs = 10_000;
const forever = 1000;
/** The attacker gives way to the load generator where they have to share a core. */
const nicest = ['nice', '-n', '19'];

export async function measureNeighbour(
  clips: readonly Clip[],
  { embedded, seconds, attacks }: NeighbourOptions,
  say: (line: string) => void,
): Promise<NeighbourResult> {
  say('the neighbour alone');
  const engines = embedded ? 'embedded' : 'scripted';
  const quiet = await measureBeside(clips, engines, [], seconds);
  const beside: Beside[] = [];
  for (const name of attacks) {
    say(`the neighbour beside ${name}`);
    beside.push(await measureBeside(clips, engines, [name], seconds));
  }
  if (attacks.length === attackNames.length) {
    say('the neighbour beside all of them');
    beside.push(await measureBeside(clips, engines, attacks, seconds));
  }
  say('the neighbour alone again');
  // How far apart two runs are by themselves.
  beside.push({ ...(await measureBeside(clips, engines, [], seconds)), names: ['nobody again'] });
  return { engines, conversations: conversations[engines], seconds, quiet, beside };
}

/** A server of its own for each attack: what one leaves behind is not laid to the next. */
async function measureBeside(
  clips: readonly Clip[],
  engines: 'scripted' | 'embedded',
  names: readonly AttackName[],
  seconds: number,
): Promise<Beside> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-neighbour-'));
  const ends: (() => Promise<unknown> | void)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    if (engines === 'embedded') await borrowModels(folder);
    const settings = {
      PARLEY_DATA_DIR: folder,
      PARLEY_MAX_SESSIONS: '100',
      PARLEY_LIMITS: 'inworld',
      PARLEY_ALLOW_HOSTS: '127.0.0.1',
    };
    const server = await ServerProcess.start({ engines, core: 0, settings });
    ends.push(() => server.stop());
    const load = await Load.start(server, clips);
    ends.push(() => load.stop());
    await load.add(conversations[engines], forever);
    const startMs = systemClock.now();
    const until = (ms: number) => sleep(systemClock, Math.max(0, startMs + ms - systemClock.now()));
    await until(attackedMs);
    const attacker = names.length > 0 ? await Attacker.start(server, clips, names) : undefined;
    ends.push(() => attacker?.stop());
    const memory = watchMemory(server, () => attacker?.stop());
    const newcomers = greetNewcomers(server);
    ends.push(() => void memory(), newcomers);
    await until(measuredMs);
    const figures = await load.measure(seconds * 1000);
    const { sent = 0, bytes = 0, refusals = {} } = (await attacker?.end()) ?? {};
    const restMs = engines === 'embedded' ? ENGINES_MS : 0;
    const added = figures.added.map((ms) => ms + restMs);
    return {
      names,
      ...summary(conversations[engines], { ...figures, added }),
      newcomers: await newcomers(),
      mostBytes: memory(),
      died: server.ended,
      attacker: { sent, bytes, refusals },
    };
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

/** A data folder with the models of the real one and nothing else of it: secrets by the thousand are not for the operator's store. */
async function borrowModels(folder: string): Promise<void> {
  const from = resolve(import.meta.dirname, '..', process.env['PARLEY_DATA_DIR'] ?? '.parley');
  for (const name of ['models', 'engines']) await symlink(join(from, name), join(folder, name));
}

/** The most memory that was seen; the result stops the watch and says how much. */
function watchMemory(server: ServerProcess, breakOff: () => void): () => number {
  let most = 0;
  const look = () => {
    const bytes = residentBytes(server.pid);
    if (bytes > most) most = bytes;
    if (bytes > mostBytes) breakOff();
  };
  const timer = setInterval(look, lookMs);
  return () => {
    clearInterval(timer);
    return most;
  };
}

/** Somebody else with the neighbour's key comes every second; the result stops that and says how they fared. */
function greetNewcomers(server: ServerProcess): () => Promise<Newcomers> {
  const over = new AbortController();
  const seen: { waitsMs: number[]; refused: string[] } = { waitsMs: [], refused: [] };
  const greet = async () => {
    const startMs = systemClock.now();
    const greeted = Promise.withResolvers<void>();
    try {
      const wire = await Wire.open(server.port, server.key, () => greeted.resolve());
      const late = sleep(systemClock, patienceMs).then(() => Promise.reject(new Error('no answer')));
      await Promise.race([greeted.promise, late]).finally(() => wire.close());
      seen.waitsMs.push(systemClock.now() - startMs);
    } catch (error) {
      if (!over.signal.aborted) seen.refused.push(/HTTP\/1.1 (\d+)/.exec(String(error))?.[1] ?? 'no answer');
    }
  };
  const coming = (async () => {
    while (!over.signal.aborted) await Promise.all([greet(), sleep(systemClock, newcomerMs)]);
  })();
  return async () => {
    over.abort();
    await Promise.race([coming, sleep(systemClock, newcomerMs)]);
    return seen;
  };
}

class Attacker {
  readonly #child: ChildProcess;
  #stopped = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(server: ServerProcess, clips: readonly Clip[], names: readonly AttackName[]): Promise<Attacker> {
    const command = [...nicest, process.execPath, join(import.meta.dirname, 'attack-process.ts')];
    const [program = '', ...args] = pinned(availableParallelism() > 2 ? 2 : 1, command);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    const samples = clips.map(({ samples }) => samples);
    const begun = once(child, 'message');
    child.send({
      kind: 'begin',
      port: server.port,
      key: server.otherKey,
      sessions: hostileSessions,
      clips: samples,
      names,
    } satisfies AttackOrder);
    await begun;
    return new Attacker(child);
  }

  /** What it did until now; undefined when it was stopped before. */
  async end(): Promise<Tally | undefined> {
    if (this.#stopped) return undefined;
    if (!this.#child.connected) throw new Error('The attacker ended.');
    const answered = once(this.#child, 'message') as Promise<[Tally]>;
    const gone = once(this.#child, 'exit').then(() => [undefined] as const);
    this.#child.send({ kind: 'end' } satisfies AttackOrder);
    const [tally] = await Promise.race([answered, gone]);
    return tally;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#child.connected) this.#child.disconnect();
  }
}
