// The queue of the responses that are wanted. Everybody who wants one says so here; start.ts says which begins, and when.
import { errors } from '../../protocol/errors.ts';
import type { McpApprovalRequest } from '../../protocol/items.ts';
import type { Core } from '../core.ts';
import type { Reason, Want } from '../state.ts';

/** Requests of the client's that may wait at a time. */
const mostRequests = 8;

export function want(core: Core, wanted: Want): void {
  core.wants.push(wanted);
}

/**
 * A request of the client's that has to wait.
 * @throws RealtimeError naming the response that it would wait for: too many wait already, or one that would be the same.
 */
export function wantLater(core: Core, wanted: Extract<Want, { reason: 'client' }>, active: string): void {
  const waiting = core.wants.filter((each) => each.reason === 'client');
  const isSame = wanted.settings === undefined && waiting.some(({ settings }) => settings === undefined);
  if (isSame || waiting.length >= mostRequests) throw errors.activeResponse(active);
  want(core, wanted);
}

/** Approved calls that have not begun yet are run together. */
export function wantCall(core: Core, request: McpApprovalRequest): void {
  const waiting = core.wants.find((each) => each.reason === 'approval');
  if (waiting) waiting.requests = [...waiting.requests, request];
  else want(core, { reason: 'approval', requests: [request] });
}

/** The server goes on by itself, and not because the user or the client has just said something. */
export function isOwn(reason: Reason): boolean {
  return reason === 'approval' || usesOutputs(reason);
}

/** The model is to go on with what tools gave: an interruption ends that, and a request of the client's means the same. */
function usesOutputs(reason: Reason): boolean {
  return reason === 'outputs' || reason === 'follow-up';
}

/** Whether anything is wanted that would tell the model of all that was said. */
export function isAnswerWanted({ wants }: Core): boolean {
  return wants.some(({ reason }) => reason !== 'approval');
}

export function areCallsWanted({ wants }: Core): boolean {
  return wants.some(({ reason }) => reason === 'approval');
}

/** The server was about to go on by itself: the client asks for the same. Says whether that was so. */
export function takeOver(core: Core, wanted: Want): boolean {
  const at = core.wants.findIndex(({ reason }) => usesOutputs(reason));
  if (at >= 0) core.wants[at] = wanted;
  return at >= 0;
}

/** The user has begun to speak: what the client asked for comes after that, and the server does not go on by itself. */
export function putAfterTurn(core: Core): void {
  core.wants = core.wants.flatMap((each) => {
    if (usesOutputs(each.reason)) return [];
    return each.reason === 'client' ? { ...each, afterTurn: true } : each;
  });
}

/** A response begins that is told all that was said: nothing but a client's own request is left unanswered by it. */
export function answerWaiting(core: Core): void {
  core.wants = core.wants.filter(({ reason }) => reason === 'client' || reason === 'approval');
}
