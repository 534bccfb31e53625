// Several servers on one data directory: one fetches, the others wait, and a dead one is waited for by nobody.
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchingProgram } from './fetching.ts';
import { Machine } from './rig.ts';

let machine: Machine;
let children: ChildProcess[];

beforeEach(() => {
  machine = new Machine();
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  machine.remove();
});

interface Said {
  readonly phase?: string;
  readonly folder?: string;
}

function start(): { child: ChildProcess; said: Said[]; hears: (test: (said: Said) => boolean) => Promise<Said> } {
  const child = fork(fetchingProgram, [machine.dataDir], {
    execArgv: [],
    env: { ...process.env, PATH: machine.programs, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  const said: Said[] = [];
  let wake: (() => void)[] = [];
  child.on('message', (message: Said) => {
    said.push(message);
    for (const one of wake) one();
  });
  const hears = (wanted: (said: Said) => boolean): Promise<Said> =>
    new Promise((resolve) => {
      const look = () => {
        const found = said.find(wanted);
        if (found) resolve(found);
      };
      wake = [...wake, look];
      look();
    });
  return { child, said, hears };
}

describe('two processes', () => {
  test('that want the same model at once fetch it once', async () => {
    machine.python('sleep 1');
    const both = [start(), start()];
    const [first, second] = await Promise.all(both.map(({ hears }) => hears(({ folder }) => folder !== undefined)));
    expect(first?.folder).toBe(second?.folder);
    expect(machine.calls).toHaveLength(1);
    expect(both.flatMap(({ said }) => said).filter(({ phase }) => phase === 'waiting')).toHaveLength(1);
  });

  test('of which the one that fetches is killed: the other goes on in its place', async () => {
    const pid = machine.place('pid');
    machine.python(`[ -e "${pid}" ] || { echo $$ > "${pid}.part"; mv "${pid}.part" "${pid}"; exec sleep 60; }`);
    const first = start();
    await first.hears(({ phase }) => phase === 'fetching');
    await expect.poll(() => existsSync(pid), { timeout: 10_000 }).toBe(true);
    const second = start();
    await second.hears(({ phase }) => phase === 'waiting');
    first.child.kill('SIGKILL');
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL');
    const { folder } = await second.hears((said) => said.folder !== undefined);
    expect(existsSync(folder as string)).toBe(true);
    expect(machine.calls).toHaveLength(2);
  });
});
