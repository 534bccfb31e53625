// response.*: the life of a response from `created` to its one `done`. What it consists of is output.ts's.
import type { ClientEvents } from '../../protocol/client-events.ts';
import { errors } from '../../protocol/errors.ts';
import type { McpApprovalRequest } from '../../protocol/items.ts';
import { bytesOf } from '../conversation/history.ts';
import { beQuietFrom, type Core, forgetWords, liveResponse, mint, send, tell } from '../core.ts';
import type { FactOf, Failure, RunEnd, RunUsage } from '../facts.ts';
import { failureBody } from '../failure.ts';
import { isDelayed } from '../questions.ts';
import type { LastEnded, Outcome, Reason, Response, ResponseSettings } from '../state.ts';
import { askedFor, contextOf } from './asked.ts';
import { wantFollowUp } from './follow-up.ts';
import { closeOutput } from './output.ts';
import { cutToHeard, cutToSpoken, playoutEndsAtMs, stopPlayout } from './playout.ts';
import { responseObject } from './response-object.ts';
import { ownInput, settingsBytes } from './response-settings.ts';
import { adopt, begin, conclude, drop, runOf, stop } from './run.ts';
import { endMcpCall, interruptCalls, openMcpCall } from './server-calls.ts';
import { noUsage, usageOfFailed, usageSoFar } from './usage.ts';
import { answerWaiting, isOwn } from './wants.ts';

export function startResponse(core: Core, reason: Reason, settings: ResponseSettings, approved: readonly McpApprovalRequest[]): void {
  const response: Response = {
    id: mint(core, 'resp'),
    reason,
    settings,
    ownBytes: ownInput(settings).reduce((sum, entry) => sum + bytesOf(entry), settingsBytes(settings)),
    state: 'waiting',
    output: [],
    open: undefined,
    ended: undefined,
    attempts: [],
    calling: [],
    approved,
    itemsGiven: core.conversation.itemsGiven,
    aliveAtMs: core.now,
    adopted: false,
  };
  core.live.push(response);
  if (!settings.outOfBand) {
    if (reason !== 'approval' && !settings.input) answerWaiting(core);
    core.quietSince = undefined;
    if (!isOwn(reason)) core.selfAnswers = 0;
  }
  send(core, { type: 'response.created', response: responseObject(core, response, null, null) });
  tell(core, { kind: 'response.begun', response });
  beginWhenReady(core, response);
}

/** Words that are still being recognised hold a response back; words that could not be recognised end it. */
function beginWhenReady(core: Core, response: Response): void {
  if (response.state !== 'waiting') return;
  const { approved } = response;
  if (approved.length > 0) {
    response.state = 'generating';
    for (const request of approved) {
      closeOutput(core, response, 'completed');
      openMcpCall(core, response, request.id, { label: request.server_label, name: request.name }, request);
    }
    onEnded(core, response, { reason: 'stop', usage: noUsage });
    return;
  }
  // A filler may have been spoken meanwhile: it is nothing to be answered.
  const context = contextOf(core, response.settings).filter((entry) => entry.response !== response.id);
  const { settings } = response;
  if (context.some((entry) => entry.transcript.state === 'pending') || isDelayed(core, settings)) return;
  const last = context.at(-1);
  // That is said once: who asks again gets an answer to what there is.
  if (last?.transcript.state === 'failed' && !last.transcript.told) {
    last.transcript.told = true;
    failResponse(core, response, { code: 'transcription_failed', message: last.transcript.message });
    return;
  }
  const asked = askedFor(core, settings, context);
  if (asked.state === 'too_long') {
    const error = errors.contextTooLong(asked.tokens, asked.most);
    finish(core, response, { type: 'failed', error: { type: error.type, code: error.code, message: error.message } }, noUsage);
    return;
  }
  adopt(core, begin(core, asked), response);
}

/** Something a response waited for has come, or will never come. */
export function resumeWaiting(core: Core): void {
  for (const response of [...core.live]) beginWhenReady(core, response);
}

export function cancelByClient(core: Core, event: ClientEvents['response.cancel']): void {
  const response = event.response_id == null ? core.active : liveResponse(core, event.response_id);
  if (!response) throw errors.cancelNotActive();
  cancelResponse(core, response, 'client_cancelled');
}

/** Cancelling is a decision, taken here and now; the abort only returns the resources. */
export function cancelResponse(core: Core, response: Response, reason: 'turn_detected' | 'client_cancelled'): void {
  finish(core, response, { type: 'cancelled', reason }, usageSoFar(core, response));
}

export function failResponse(core: Core, response: Response, failure: Failure): void {
  finish(core, response, { type: 'failed', error: failureBody(failure) }, usageSoFar(core, response));
}

/** The model has ended; the response ends with it, or with the last of its MCP calls. */
export function onEnded(core: Core, response: Response, end: RunEnd): void {
  if (end.reason !== 'failed') closeOutput(core, response, end.reason === 'stop' ? 'completed' : 'incomplete');
  if (response.calling.length > 0 && end.reason !== 'failed') {
    response.state = 'calling';
    response.ended = end;
    const run = runOf(core, response);
    if (run) conclude(run, response.id);
    return;
  }
  finish(core, response, outcomeOf(end), end.reason === 'failed' ? usageOfFailed(core, response, end.usage) : end.usage);
}

function outcomeOf(end: RunEnd): Outcome {
  switch (end.reason) {
    case 'stop':
      return { type: 'completed' };
    case 'length':
      return { type: 'incomplete', reason: 'max_output_tokens' };
    case 'content_filter':
      return { type: 'incomplete', reason: 'content_filter' };
    case 'failed':
      return { type: 'failed', error: failureBody(end.failure) };
  }
}

export function onMcpEnded(core: Core, fact: FactOf<'mcp.ended'>): void {
  const response = core.live.find(({ calling }) => calling.some(({ item }) => item === fact.item));
  if (!response) return;
  response.aliveAtMs = core.now;
  endMcpCall(core, response, fact.item, fact.outcome);
  if (response.state === 'calling' && response.calling.length === 0 && response.ended) {
    finish(core, response, outcomeOf(response.ended), response.ended.usage);
  }
}

/** From here on nothing that its model, its voice or its tools still bring changes anything; the aborts only return the resources. */
export function stopRun(core: Core, response: Response): void {
  if (response.state === 'stopped') return;
  const run = runOf(core, response);
  if (run) stop(core, run);
  for (const { item } of response.calling) core.effects.push({ kind: 'mcp.abort', item });
  response.state = 'stopped';
}

function finish(core: Core, response: Response, outcome: Outcome, usage: RunUsage): void {
  stopRun(core, response);
  const run = runOf(core, response);
  if (run) drop(core, run);
  const isActive = response === core.active;
  core.live = core.live.filter((other) => other !== response);
  const speaking = response.open?.kind === 'message' ? core.conversation.find(response.open.item) : undefined;
  if (speaking && outcome.type === 'cancelled') cutToHeard(core, speaking);
  if (speaking && outcome.type === 'failed') cutToSpoken(speaking);
  if (isActive && outcome.type === 'cancelled') stopPlayout(core);
  closeOutput(core, response, outcome.type === 'completed' ? 'completed' : 'incomplete');
  interruptCalls(core, response);
  if (isActive) {
    core.lastEnded = lastEnded(core, response, outcome);
    // Who is speaking already is not idle.
    if (outcome.type === 'completed' && core.turn.state === 'none') {
      beQuietFrom(core, playoutEndsAtMs(core));
    }
    if (outcome.type === 'completed') wantFollowUp(core, response);
  }
  send(core, { type: 'response.done', response: responseObject(core, response, outcome, usage) });
  tell(core, { kind: 'response.ended', response });
  core.conversation.dropBesides(response.id);
  for (const { item, transcript } of ownInput(response.settings)) {
    if (transcript.state === 'none') continue;
    forgetWords(core, item.id);
    core.effects.push({ kind: 'item.forget', item: item.id });
  }
  // OpenAI's service tells of them once a response is over.
  core.effects.push({ kind: 'send.limits', eventId: mint(core, 'event') });
}

function lastEnded(core: Core, { id, reason, adopted, output }: Response, outcome: Outcome): LastEnded {
  const hasCalls = output.some((item) => core.conversation.find(item)?.item.type === 'function_call');
  const { itemsGiven } = core.conversation;
  return { id, reason, adopted, outcome, atMs: core.now, itemsGiven, hasOutput: output.length > 0, hasCalls };
}
