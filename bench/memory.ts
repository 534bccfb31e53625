// (d) what a session that says nothing costs in memory. What a talking one costs is measured with the calls of (a).
import { sleep, systemClock } from '../src/lib/clock.ts';
import { ServerProcess } from './server.ts';
import { Wire } from './wire.ts';

export interface MemoryResult {
  idleSessions: number;
  perIdleSessionBytes: number;
  serverBytes: number;
}

const atOnce = 50;
const settleMs = 3000;

export async function measureIdle(sessions: number): Promise<MemoryResult> {
  const server = await ServerProcess.start({ engines: 'scripted' });
  try {
    // The first connections load code and fill caches, which is no session's fault.
    for (const wire of await open(server, atOnce)) wire.close();
    await sleep(systemClock, settleMs);
    const before = server.memoryBytes;
    const wires: Wire[] = [];
    while (wires.length < sessions) wires.push(...(await open(server, Math.min(atOnce, sessions - wires.length))));
    await sleep(systemClock, settleMs);
    const after = server.memoryBytes;
    for (const wire of wires) wire.close();
    return { idleSessions: sessions, perIdleSessionBytes: (after - before) / sessions, serverBytes: before };
  } finally {
    await server.stop();
  }
}

/** Connections that have had their `session.created`. */
function open(server: ServerProcess, count: number): Promise<Wire[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const greeted = Promise.withResolvers<void>();
      const wire = await Wire.open(server.port, server.key, () => greeted.resolve());
      await greeted.promise;
      return wire;
    }),
  );
}
