// input_audio_buffer.* and the user's half: when a turn begins, pauses and ends, and how its words arrive.
import { errors } from '../../protocol/errors.ts';
import type { UserMessage } from '../../protocol/items.ts';
import { serverVadDefaults, type SessionConfig } from '../../protocol/session-config.ts';
import { newEntry } from '../conversation/history.ts';
import { announce } from '../conversation/items.ts';
import { beQuietFrom, type Core, expectWords, forgetWords, mint, promisedItem, send, tell } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { answerTurn } from '../response/create.ts';
import type { Turn, Unwatched } from '../state.ts';
import { beginTurn, pauseTurn, resumeTurn } from './floor.ts';
import { midTurnMeanings } from './mid-turn.ts';
import { idleTimeoutMs, patienceMs } from './patience.ts';

/** Detection may lag behind reception by this much and a turn still ends on time; further behind, it waits for the detector. */
const detectionLagMs = 64;
/** Less is no utterance (protocol 1.3). */
const leastCommitMs = 100;
/** An onset lies at most this far behind what the detector has looked at when it is told of. */
const onsetLagMs = 64;
/** A stream that falls silent without a pause (a client that stops sending) ends the open turn. */
export const starvedMs = 2000;

export function onSpeechBegan(core: Core, { atMs }: FactOf<'speech.began'>): void {
  const { turn, unwatched } = core;
  if (!core.config.audio.input.turn_detection) {
    // Of speech that nobody was told of, only what belongs together may become one turn later.
    if (!unwatched || isApart(unwatched, atMs)) core.unwatched = { item: undefined, startMs: atMs, utterance: 0, endMs: undefined };
    else if (unwatched.endMs !== undefined) core.unwatched = { ...unwatched, utterance: unwatched.utterance + 1, endMs: undefined };
    return;
  }
  if (turn.state === 'none') beginTurn(core, atMs);
  else if (turn.state === 'pausing') resumeTurn(core, { item: turn.item, startMs: turn.startMs, utterance: turn.utterance + 1 });
}

function isApart({ item, endMs }: Unwatched, atMs: number): boolean {
  return item === undefined && endMs !== undefined && atMs - endMs > serverVadDefaults.silence_duration_ms;
}

export function onSpeechPaused(core: Core, { atMs }: FactOf<'speech.paused'>): void {
  const { turn, unwatched } = core;
  if (!core.config.audio.input.turn_detection) {
    if (unwatched && unwatched.endMs === undefined) core.unwatched = { ...unwatched, endMs: atMs };
  } else if (turn.state === 'speaking') {
    pauseTurn(core, turn, atMs);
    judgePause(core);
  }
}

/** Asks the judge about the pause under way, if there is one that his word counts for and that he has not judged yet. */
function judgePause({ turn, config, input, effects }: Core): void {
  if (turn.state !== 'pausing' || turn.judged || config.audio.input.turn_detection?.type !== 'semantic_vad') return;
  effects.push({ kind: 'judge.turn', item: turn.item, silenceMs: Math.max(0, Math.round(input.receivedMs - turn.endMs)) });
}

export function onTurnJudged(core: Core, fact: FactOf<'turn.judged'>): void {
  const { turn } = core;
  const detection = core.config.audio.input.turn_detection;
  if (turn.state !== 'pausing' || turn.item !== fact.item || detection?.type !== 'semantic_vad') return;
  const { complete, basis, unfinished } = fact;
  turn.judged = { complete, basis, unfinished };
  tell(core, { kind: 'pause.judged', inferenceMs: fact.inferenceMs });
  reconsiderTurn(core);
}

/** What a pause's length depends on has changed: the judge has spoken, or the client has other wishes. */
function reconsiderTurn(core: Core): void {
  const { turn } = core;
  const detection = core.config.audio.input.turn_detection;
  if (turn.state !== 'pausing' || !detection) return;
  turn.untilMs = turn.endMs + patienceMs(core.config, detection, turn.judged);
  tell(core, { kind: 'pause.judged', inferenceMs: undefined });
  endTurnWhenDue(core);
}

/** The settings have changed, perhaps in mid-turn: does what mid-turn.ts says that this means. */
export function carryTurn(core: Core, before: SessionConfig): void {
  const meanings = midTurnMeanings(before, core.config);
  if (meanings.has('let go')) letGo(core);
  if (meanings.has('take up')) takeUp(core);
  if (meanings.has('judge the pause')) judgePause(core);
  if (meanings.has('judge the pause') || meanings.has('measure the pause')) reconsiderTurn(core);
  // An idle time-out that is asked for only now counts from now.
  if (core.quietSince && idleTimeoutMs(before) !== idleTimeoutMs(core.config)) beQuietFrom(core, core.quietSince.atMs);
}

function letGo(core: Core): void {
  const { turn } = core;
  tell(core, { kind: 'pause.ended' });
  if (turn.state === 'none') return;
  const { item, startMs, utterance } = turn;
  core.unwatched = { item, startMs, utterance, endMs: turn.state === 'pausing' ? turn.endMs : undefined };
  core.turn = { state: 'none' };
}

function takeUp(core: Core): void {
  const { unwatched, config, input } = core;
  const detection = config.audio.input.turn_detection;
  if (!unwatched || !detection) return;
  const { item, startMs, utterance, endMs } = unwatched;
  core.unwatched = undefined;
  // A pause that is over already ends the turn that the client knows of; speech that nobody was told of is left behind.
  if (item !== undefined && endMs === undefined) resumeTurn(core, { item, startMs, utterance });
  else if (item !== undefined) core.turn = { state: 'speaking', item, startMs, utterance };
  else if (endMs === undefined || input.receivedMs < endMs + patienceMs(config, detection, undefined)) beginTurn(core, startMs);
  if (core.turn.state === 'speaking' && endMs !== undefined) {
    pauseTurn(core, core.turn, endMs);
    judgePause(core);
  }
  endTurnWhenDue(core);
}

export function onAudioReached(core: Core, fact: FactOf<'audio.reached'>): void {
  core.input.receivedMs = fact.receivedMs;
  core.input.decidedMs = fact.decidedMs;
  core.input.lastSoundAtMs = core.now;
  endTurnWhenDue(core);
}

function endTurnWhenDue(core: Core): void {
  const { turn, input } = core;
  const reachedMs = Math.min(input.receivedMs, input.decidedMs + detectionLagMs);
  if (turn.state === 'pausing' && reachedMs >= turn.untilMs) endTurn(core, turn, Math.round(turn.untilMs));
}

/** The user has finished: `speech_stopped`, the audio becomes an item, and it is answered. */
export function endTurn(core: Core, turn: Exclude<Turn, { state: 'none' }>, endMs: number): void {
  const detection = core.config.audio.input.turn_detection;
  send(core, { type: 'input_audio_buffer.speech_stopped', audio_end_ms: endMs, item_id: turn.item });
  commit(core, turn.item, turn.startMs, endMs, 'expected');
  if (detection?.create_response) answerTurn(core, 'turn');
}

/** Input up to `toMs` becomes a user item; recognition runs on by itself. */
function commit(core: Core, id: string, fromMs: number, toMs: number, words: 'expected' | 'none'): void {
  core.turn = { state: 'none' };
  core.unwatched = undefined;
  core.input.bufferStartMs =
    words === 'expected' ? toMs : Math.max(core.input.bufferStartMs, Math.min(toMs, core.input.decidedMs - onsetLagMs));
  const item: UserMessage = {
    id,
    object: 'realtime.item',
    type: 'message',
    status: 'completed',
    role: 'user',
    content: [{ type: 'input_audio', transcript: null }],
  };
  const entry = newEntry(item);
  if (words === 'expected') expectWords(core, entry);
  const previous_item_id = core.conversation.lastId;
  core.conversation.append(entry);
  core.conversation.countGiven();
  core.quietSince = undefined;
  // What is silence needs no ear: it goes on listening to whoever may be beginning to speak.
  if (words === 'expected') core.effects.push({ kind: 'listen.commit', item: id, fromMs, toMs });
  send(core, { type: 'input_audio_buffer.committed', item_id: id, previous_item_id });
  announce(core, entry);
  if (words === 'expected') tell(core, { kind: 'item.given', entry });
}

export function commitByClient(core: Core): void {
  const { input, turn, unwatched } = core;
  const bufferedMs = input.receivedMs - input.bufferStartMs;
  if (bufferedMs < leastCommitMs) throw errors.commitEmpty(Math.max(0, bufferedMs));
  if (turn.state === 'none') commit(core, unwatched?.item ?? mint(core, 'item'), input.bufferStartMs, input.receivedMs, 'expected');
  else commit(core, turn.item, turn.startMs, input.receivedMs, 'expected');
}

export function clearInput(core: Core): void {
  const item = promisedItem(core);
  tell(core, { kind: 'pause.ended' });
  if (item !== undefined) forgetWords(core, item);
  core.turn = { state: 'none' };
  core.unwatched = undefined;
  core.input.bufferStartMs = core.input.receivedMs;
  core.effects.push({ kind: 'listen.clear', untilMs: core.input.receivedMs });
  send(core, { type: 'input_audio_buffer.cleared' });
}

/** Nobody spoke for `idle_timeout_ms` after an answer: the silence itself becomes a turn (protocol 4.3). */
export function onIdle(core: Core, sinceMs: number): void {
  core.quietSince = undefined;
  const id = mint(core, 'item');
  const toMs = Math.round(core.input.receivedMs);
  const fromMs = Math.min(toMs, Math.round(Math.max(sinceMs, core.input.bufferStartMs)));
  send(core, { type: 'input_audio_buffer.timeout_triggered', audio_start_ms: fromMs, audio_end_ms: toMs, item_id: id });
  commit(core, id, fromMs, toMs, 'none');
  answerTurn(core, 'idle');
}
