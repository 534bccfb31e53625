// The session: facts go in with the time, effects come out. Pure and synchronous; the only way in is step(), and it asks to be woken.
import type { ClientEvent, ClientEvents, ClientEventType } from '../protocol/client-events.ts';
import { errorBody, errors, RealtimeError } from '../protocol/errors.ts';
import { unservedOf } from '../protocol/unserved.ts';
import type { Birth } from './birth.ts';
import { busyUntilMs } from './busy.ts';
import { createItem, deleteItem, keepWithinBudget, retrieveItem, truncateItem } from './conversation/items.ts';
import { onFinal, onPartial, onTranscriptFailed } from './conversation/transcription.ts';
import { type Core, coreOf, type Hearing, liveResponse, send, stateOf, tell } from './core.ts';
import { doWhatIsDue, earliestAtMs } from './deadlines.ts';
import type { Effect } from './effects.ts';
import type { Env } from './env.ts';
import type { Fact, FactKind, FactOf, RunFact, RunUsage } from './facts.ts';
import { carryTurn, clearInput, commitByClient, onAudioReached, onSpeechBegan, onSpeechPaused, onTurnJudged } from './floor/turn.ts';
import { guests } from './guests/guests.ts';
import { allServed, type Known } from './known.ts';
import { lifeEndsAtMs } from './lifetime.ts';
import { newState } from './new-state.ts';
import { keptSettings } from './questions.ts';
import { onAttempt } from './response/attempts.ts';
import { continueAfterOutputs, createResponse } from './response/create.ts';
import { onLineBack, onLineHeld, onLineLost, onLineTakenUp } from './response/line.ts';
import { onArguments, onAudio, onCall, onText } from './response/output.ts';
import { cancelByClient, failResponse, onEnded, onMcpEnded, resumeWaiting } from './response/response.ts';
import { drop, hold, liveRun, onUsage } from './response/run.ts';
import { clearSpeaker, cutByClient, onPlayed, tellSpeaker } from './response/speaker.ts';
import { startWanted } from './response/start.ts';
import { usageSoFar } from './response/usage.ts';
import { sessionObject, tellUnserved, updateSession } from './settings/settings.ts';
import type { Response, State } from './state.ts';

type RunKind = RunFact['kind'];

/** Most steps have none. */
const none: readonly Effect[] = [];

export class Session {
  readonly #core: Core;

  /** `features` come on top, and are told and asked in their order. */
  constructor(birth: Birth, env: Env, now: number, features = guests, state = newState(birth, env, features, now)) {
    this.#core = coreOf(state, env, features, upwards);
  }

  /** One that goes on where the session that this state was written from stood. */
  static restored(state: State, env: Env, features = guests): Session {
    return new Session(state.birth, env, state.now, features, state);
  }

  /** All that the session is, to be written down as JSON before it goes on. */
  export(): State {
    return stateOf(this.#core);
  }

  get config() {
    return this.#core.config;
  }

  /** The first effects of all: the client is told what it has got. */
  open(): readonly Effect[] {
    const core = this.#core;
    core.config = keptSettings(core, core.config);
    core.effects.push({ kind: 'listen.configure', config: core.config });
    send(core, { type: 'session.created', session: sessionObject(core) });
    if (core.config.type === 'realtime')
      send(core, { type: 'conversation.created', conversation: { id: core.conversationId, object: 'realtime.conversation' } });
    tell(core, { kind: 'session.configured', toolsNamed: true });
    tellUnserved(core, unservedOf(core.config));
    return this.#drain();
  }

  step(fact: Fact, now: number): readonly Effect[] {
    const core = this.#core;
    if (core.expired) return none;
    core.now = now;
    if ('run' in fact) {
      // Output of a run that is over or was dropped is refused here and nowhere else, however late an engine unwinds.
      const run = liveRun(core, fact.run);
      if (!run) return none;
      const response = run.phase.state === 'adopted' ? liveResponse(core, run.phase.response) : undefined;
      if (!response) {
        hold(core, run, fact);
        return this.#drain();
      }
      onRun(core, response, fact);
    } else {
      (handlers[fact.kind] as ((core: Core, fact: Fact) => void) | undefined)?.(core, fact);
    }
    if (fact.kind === 'audio.reached' && core.effects.length === 0) {
      // Sound that arrives and ends no turn brings no deadline nearer, and what is due has its tick. Of what the speaker plays only what is yet to
      // come has a time.
      tellSpeaker(core);
    } else if (!core.expired) {
      // What a client says is told when it has been understood and done.
      if (fact.kind !== 'client' && fact.kind !== 'audio.reached') tell(core, fact);
      startWanted(core);
      for (const guest of core.features) guest.afterStep?.(core);
      tellSpeaker(core);
      keepWithinBudget(core);
    }
    return core.released.length === 0 ? this.#drain() : this.#release(now);
  }

  /** When `tick` wants to be called, in the clock's time; never again once the session has expired. */
  get wakeAt(): number {
    return this.#core.expired ? Number.POSITIVE_INFINITY : earliestAtMs(this.#core);
  }

  /** Until when it is in the middle of something, in the clock's time: busy.ts. */
  get busyUntilMs(): number {
    return busyUntilMs(this.#core);
  }

  /** What the responses have used that are not done: of a session that ends with them, nothing else will tell it. */
  get unfinished(): readonly RunUsage[] {
    const core = this.#core;
    return core.live.map((response) => usageSoFar(core, response));
  }

  /** What was held of runs that have been adopted comes now. Apart from `step`, for a closure there would cost every step. */
  #release(now: number): readonly Effect[] {
    const { released } = this.#core;
    this.#core.released = [];
    return [...this.#drain(), ...released.flatMap((each) => this.step(each, now))];
  }

  #drain(): readonly Effect[] {
    const { effects } = this.#core;
    if (effects.length === 0) return none;
    this.#core.effects = [];
    return effects;
  }
}

/** What the rooms do about news of the rooms below them, which know nothing of them. */
const upwards: Hearing = {
  'item.given': continueAfterOutputs,
  'item.cut': cutByClient,
  'words.settled': resumeWaiting,
};

/** Of all other facts the guests are told. */
const handlers: { [K in Exclude<FactKind, RunKind>]?: (core: Core, fact: FactOf<K>) => void } = {
  client: onClient,
  'client.fault': (core, { error }) => send(core, { type: 'error', error }),
  'audio.reached': onAudioReached,
  'speech.began': onSpeechBegan,
  'speech.paused': onSpeechPaused,
  'turn.judged': onTurnJudged,
  'transcript.partial': onPartial,
  'transcript.final': onFinal,
  'transcript.failed': onTranscriptFailed,
  'mcp.ended': onMcpEnded,
  'digit.pressed': (core, { digit, atSeconds }) =>
    send(core, { type: 'input_audio_buffer.dtmf_event_received', event: digit, received_at: atSeconds }),
  'speaker.played': onPlayed,
  'line.lost': onLineLost,
  'line.back': onLineBack,
  'line.held': onLineHeld,
  'line.taken-up': onLineTakenUp,
  tick: onTick,
};

const runHandlers: { [K in RunKind]: (core: Core, response: Response, fact: FactOf<K>) => void } = {
  'run.text': onText,
  'run.audio': onAudio,
  'run.call': onCall,
  'run.arguments': onArguments,
  'run.usage': onUsage,
  // That it came is all there is to it.
  'run.alive': () => {},
  'run.attempt': onAttempt,
  'run.ended': onEnded,
};

function onRun(core: Core, response: Response, fact: RunFact): void {
  response.aliveAtMs = core.now;
  (runHandlers[fact.kind] as (core: Core, response: Response, fact: RunFact) => void)(core, response, fact);
}

/** One handler for each thing a client may say; an event's name up to its last dot names the handler's room. */
const clientHandlers: { [T in ClientEventType]: (core: Core, event: ClientEvents[T], known: Known) => void } = {
  'session.update': (core, event, known) => {
    const before = core.config;
    updateSession(core, event, known);
    carryTurn(core, before);
    resumeWaiting(core);
  },
  'input_audio_buffer.append': () => {}, // The ear has heard it already: audio never waits for a decision.
  'input_audio_buffer.commit': commitByClient,
  'input_audio_buffer.clear': clearInput,
  'output_audio_buffer.clear': clearSpeaker,
  'conversation.item.create': createItem,
  'conversation.item.retrieve': retrieveItem,
  'conversation.item.truncate': truncateItem,
  'conversation.item.delete': deleteItem,
  'response.create': createResponse,
  'response.cancel': cancelByClient,
};

function onClient(core: Core, fact: FactOf<'client'>): void {
  const { event, excess, known = allServed } = fact;
  try {
    if (excess) throw errors.limited(excess);
    (clientHandlers[event.type] as (core: Core, event: ClientEvent, known: Known) => void)(core, event, known);
    tell(core, fact);
  } catch (error) {
    if (!(error instanceof RealtimeError)) throw error;
    send(core, { type: 'error', error: errorBody(error, event.event_id ?? null) });
  }
}

function onTick(core: Core): void {
  if (core.now >= lifeEndsAtMs(core)) expire(core);
  else doWhatIsDue(core);
}

/** Even now every response gets its one `done`. */
function expire(core: Core): void {
  const error = errors.sessionExpired(Math.round(core.birth.lifeMs / 60_000));
  for (const response of [...core.live]) failResponse(core, response, { code: 'session_expired', message: error.message });
  for (const run of core.runs) drop(core, run);
  tell(core, { kind: 'session.expired' });
  send(core, { type: 'error', error: errorBody(error, null) });
  core.effects.push({ kind: 'close', code: 1008, reason: 'session_expired' });
  core.expired = true;
}
