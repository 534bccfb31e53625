// A run of a model, apart from the response that it may become: it is begun, and then adopted by a response or dropped. Until it is adopted, what
// comes of it is held: it runs no tool, sends nothing, and writes no history.
import type { Prompt } from '../../protocol/prompt.ts';
import { type Core, mint } from '../core.ts';
import type { RunOrder } from '../effects.ts';
import type { FactOf, RunFact } from '../facts.ts';
import type { HeldFact, Response, Run } from '../state.ts';

/** Runs that may be held at a time: one more takes the place of the oldest. */
const mostHeld = 4;
/** What is kept of a held run, in facts and in bytes (a minute of speech, in base64). A run that outgrows this is dropped: half an answer is none. */
const mostHeldFacts = 4096;
const mostHeldBytes = 4 * 1024 * 1024;
/** What a fact takes without its text and sound, and a word with its times. */
const factBytes = 128;
const wordBytes = 64;

/** What a model is asked, and what its response will have to know of that. */
export interface Asked {
  readonly state: 'asked';
  readonly order: Omit<RunOrder, 'run'>;
  readonly prompt: Prompt;
  readonly promptTokens: number;
  readonly mcpTools: Run['mcpTools'];
  /** Items that this prompt, and those that come after it, do without. */
  readonly newlyLeftOut: readonly string[];
}

/** Asks the model. The run is held until a response adopts it, which one that needs it begins and adopts at once. */
export function begin(core: Core, { order, prompt, promptTokens, mcpTools, newlyLeftOut }: Asked): Run {
  const held = core.runs.filter(({ phase }) => phase.state === 'held');
  if (held.length >= mostHeld) drop(core, held[0] as Run);
  const run: Run = {
    id: mint(core, 'run'),
    promptTokens,
    seenSerial: core.conversation.lastSerial,
    mcpTools,
    usage: undefined,
    phase: { state: 'held', facts: [], bytes: 0, newlyLeftOut },
  };
  core.runs.push(run);
  core.effects.push({ kind: 'run.start', order: { run: run.id, ...order }, prompt });
  return run;
}

/**
 * The run is the response's, which must want it as it was asked for. What was held comes after this step, each fact in a step of its own, as if it
 * came now.
 */
export function adopt(core: Core, run: Run, response: Response): void {
  if (run.phase.state !== 'held' || !core.runs.includes(run) || response.state !== 'waiting')
    throw new Error(`The run ${run.id} cannot be adopted by ${response.id}.`);
  const { facts, newlyLeftOut } = run.phase;
  core.released.push(...facts.map(released));
  for (const id of newlyLeftOut) {
    const entry = core.conversation.get(id);
    if (entry) entry.leftOut = true;
  }
  run.phase = { state: 'adopted', response: response.id };
  response.state = 'generating';
  response.aliveAtMs = core.now;
  core.effects.push({ kind: 'run.adopted', run: run.id, response: response.id });
}

/** It is thrown away, and no trace of it is left. */
export function drop(core: Core, run: Run): void {
  stop(core, run);
  core.runs = core.runs.filter((other) => other !== run);
}

/** From here on nothing that still comes of it changes anything; the abort only returns the resources. */
export function stop(core: Core, run: Run): void {
  if (run.phase.state === 'over') return;
  core.effects.push({ kind: 'run.abort', run: run.id });
  if (run.phase.state === 'adopted') conclude(run, run.phase.response);
}

/** The model is done, and its response is not. */
export function conclude(run: Run, response: string): void {
  run.phase = { state: 'over', response };
}

/** What comes of a run that belongs to no response. That it came, and what it has used, is no part of an answer. */
export function hold(core: Core, run: Run, fact: RunFact): void {
  if (fact.kind === 'run.usage') run.usage = fact.usage;
  if (run.phase.state !== 'held' || fact.kind === 'run.usage' || fact.kind === 'run.alive') return;
  const held = heldFact(fact);
  run.phase.facts.push(held);
  run.phase.bytes += bytesOf(held);
  if (run.phase.facts.length > mostHeldFacts || run.phase.bytes > mostHeldBytes) drop(core, run);
}

export function onUsage(core: Core, response: Response, { usage }: FactOf<'run.usage'>): void {
  const run = runOf(core, response);
  if (run) run.usage = usage;
}

/** The run of that id whose facts may still come. A loop, since it is asked for every piece of sound. */
export function liveRun({ runs }: Core, id: string): Run | undefined {
  for (const run of runs) if (run.id === id) return run.phase.state === 'over' ? undefined : run;
  return undefined;
}

/** The response's run, once its model has been asked. */
export function runOf({ runs }: Core, response: Response): Run | undefined {
  return runs.find(({ phase }) => phase.state !== 'held' && phase.response === response.id);
}

type Heard = Exclude<RunFact, { kind: 'run.usage' | 'run.alive' }>;

function heldFact(fact: Heard): HeldFact {
  if (fact.kind !== 'run.audio') return fact;
  const { bytes, ...rest } = fact;
  return { ...rest, base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') };
}

function released(held: HeldFact): RunFact {
  if (held.kind !== 'run.audio') return held;
  const { base64, ...rest } = held;
  return { ...rest, bytes: new Uint8Array(Buffer.from(base64, 'base64')) };
}

function bytesOf(held: HeldFact): number {
  switch (held.kind) {
    case 'run.text':
    case 'run.arguments':
      return factBytes + Buffer.byteLength(held.delta);
    case 'run.audio':
      return factBytes + held.base64.length + wordBytes * (held.words?.length ?? 0);
    case 'run.call':
      return factBytes + Buffer.byteLength(held.callId) + Buffer.byteLength(held.name);
    case 'run.attempt':
    case 'run.ended':
      return factBytes;
  }
}
