// The worker's side of a crew, the same for a thread and for a child process: takes one task after the other, and leaves when it is told to.
import { deserialize } from 'node:v8';
import { parentPort, type Transferable, workerData } from 'node:worker_threads';
import { EngineError } from '../engine.ts';
import { ABORTED, ACTIVITY, BUSY, type FromMember, IDLE, LEAVING, type MemberStart, memberFlags, type ToMember } from './crew-messages.ts';

export interface TaskPort {
  /**
   * Whether nobody waits for the result any more. A task that takes long looks here between its steps and returns when it is so, with
   * anything. A thread knows at once; a child only after its event loop has turned.
   */
  readonly aborted: boolean;
  /** Hands out something of the result before the rest of it. It is a sign of life, too. */
  part(value: unknown, transfer?: readonly Transferable[]): void;
}

interface Link {
  readonly start: MemberStart;
  send(message: FromMember, transfer: readonly Transferable[]): void;
  listen(hear: (message: ToMember) => void): void;
}

/** What the crew was given as `workerData`. */
export function memberData(): unknown {
  return link().start.data;
}

/**
 * Says that the member is ready, so all that is loaded first must be loaded by now. `answer` gets what the crew's `run` was given. It may
 * throw: an EngineError keeps its reason and whether it is worth another try; any other error is `crashed` and not worth one. `transferOf`
 * names what of a result is handed over instead of copied.
 */
export function serve<Result>(
  answer: (task: never, port: TaskPort) => Promise<Result> | Result,
  transferOf: (result: Result) => readonly Transferable[] = () => [],
): void {
  const server = link();
  const flags = memberFlags(server.start.flags);
  const setActivity = (activity: number) => {
    Atomics.store(flags, ACTIVITY, activity);
    Atomics.notify(flags, ACTIVITY);
  };
  const leave = () => {
    setActivity(IDLE);
    process.exit(0);
  };
  const perform = async (id: number, task: unknown) => {
    setActivity(BUSY);
    // In this order: whoever ends the process sets the flag first and then looks whether somebody is busy.
    if (Atomics.load(flags, LEAVING) === 1) return leave();
    const port: TaskPort = {
      get aborted() {
        return Atomics.load(flags, ABORTED) === id || Atomics.load(flags, LEAVING) === 1;
      },
      part: (value, transfer = []) => server.send({ kind: 'part', id, value }, transfer),
    };
    try {
      const value = await answer(task as never, port);
      server.send({ kind: 'result', id, value }, transferOf(value));
    } catch (error) {
      const { reason, retryable } = error instanceof EngineError ? error : { reason: 'crashed' as const, retryable: false };
      server.send({ kind: 'failure', id, message: error instanceof Error ? error.message : String(error), reason, retryable }, []);
    }
    if (Atomics.load(flags, LEAVING) === 1) leave();
    else setActivity(IDLE);
  };
  server.listen((message) => {
    if (message.kind === 'task') void perform(message.id, message.task);
    else if (message.kind === 'abort') Atomics.store(flags, ABORTED, message.id);
    // Native code blocks the thread it runs in, so while a message is heard there is none at work.
    else leave();
  });
  if (Atomics.load(flags, LEAVING) === 1) return leave();
  setActivity(IDLE);
  server.send({ kind: 'ready' }, []);
}

function link(): Link {
  const port = parentPort;
  if (port) {
    return {
      start: workerData as MemberStart,
      send: (message, transfer) => port.postMessage(message, transfer),
      listen: (hear) => void port.on('message', hear),
    };
  }
  return {
    start: { data: deserialize(Buffer.from(process.argv[2] ?? '', 'base64')) as unknown },
    send: (message) => void process.send?.(message),
    listen: (hear) => {
      process.on('message', hear);
      // It lives as long as the server does, and a terminal's Ctrl-C reaches both: the server decides when it may stop.
      process.on('disconnect', () => process.exit(0));
      process.on('SIGINT', () => {});
    },
  };
}
