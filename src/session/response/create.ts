// response.create: whether the client gets a response now, later, or not at all; and when the server goes on by itself.
import type { ClientEvents, ResponseParams } from '../../protocol/client-events.ts';
import { errors } from '../../protocol/errors.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import { admit } from '../conversation/budget.ts';
import type { Entry } from '../conversation/history.ts';
import type { Core } from '../core.ts';
import type { Known } from '../known.ts';
import type { Response } from '../state.ts';
import { isAudible } from './playout.ts';
import { hearInput, inputOf, ownInput, responseSettings, settingsBytes } from './response-settings.ts';
import { runOf } from './run.ts';
import { areCallsWanted, isAnswerWanted, isOwn, takeOver, want, wantLater } from './wants.ts';

/** How long after an answer a bare `response.create` still counts as the echo of one of its events (Inworld's sample, conflict C55). */
const echoMs = 2000;

/** When another response beside the conversation may be possible: nobody knows how long the others take. */
const responseRetryMs = 1000;

export function createResponse(core: Core, event: ClientEvents['response.create'], known: Known): void {
  if (core.config.type === 'transcription') throw errors.noResponses();
  checkReferences(core, event.response?.input);
  const settings = responseSettings(core, event.response, known, inputOf(core, event.response?.input));
  const input = ownInput(settings);
  admit(core, input, input.length > 0 ? 'response.input' : 'response', settingsBytes(settings));
  if (settings.outOfBand) {
    const { mostResponses } = core.birth;
    const besides = core.live.filter((response) => response.settings.outOfBand).length;
    if (mostResponses !== undefined && besides >= mostResponses)
      throw errors.limited({ limit: 'responses', most: mostResponses, retryAfterMs: responseRetryMs });
    want(core, { reason: 'client', settings, afterTurn: false });
    hearInput(core, settings, event.response?.input);
    return;
  }
  const { active } = core;
  const wanted = { reason: 'client', settings: event.response ? settings : undefined, afterTurn: false } as const;
  if (active) {
    // Who has said something new meanwhile asks for more than what is under way.
    const saidMore = active.itemsGiven !== core.conversation.itemsGiven;
    if (goesOn(active) && !saidMore) {
      active.adopted = true;
      return;
    }
    if (!takeOver(core, wanted)) {
      if (!hasUnseenOutputs(core, active) && !areCallsWanted(core)) throw errors.activeResponse(active.id);
      wantLater(core, wanted, active.id);
    }
  } else if (!takeOver(core, wanted)) {
    if (isEchoed(core, event.response)) return;
    want(core, wanted);
  }
  hearInput(core, settings, event.response?.input);
}

/**
 * Whether the request only echoes what the server has done by itself.
 * @throws RealtimeError when it can only be the reflex of a client to an answer's events.
 */
function isEchoed(core: Core, params: ResponseParams | null | undefined): boolean {
  const { lastEnded } = core;
  if (core.birth.inworld && lastEnded && isEcho(core, params)) {
    if (!goesOn(lastEnded)) throw errors.activeResponse(lastEnded.id);
    lastEnded.adopted = true;
    return true;
  }
  return false;
}

/** Whether the server went on by itself in it, and the client has not asked for the same yet. */
function goesOn({ reason, adopted }: Pick<Response, 'reason' | 'adopted'>): boolean {
  return isOwn(reason) && !adopted;
}

/** What is named twice would be told twice: a megabyte named in a few bytes, as often as one likes. */
function checkReferences({ conversation }: Core, input: ResponseParams['input'] = []): void {
  const named = new Set<string>();
  for (const [index, item] of input.entries()) {
    if (item.type !== 'item_reference') continue;
    if (!conversation.get(item.id)) throw errors.itemNotFound('response.input', item.id);
    if (named.has(item.id)) throw errors.invalid(`response.input[${index}]`, `The item '${item.id}' is named more than once.`);
    named.add(item.id);
  }
}

/** Whether a `response.create` brings nothing new so soon after an answer that it can only be the reflex of a client to its events. */
function isEcho(core: Core, params: ResponseParams | null | undefined): boolean {
  const { lastEnded } = core;
  if (!lastEnded || lastEnded.itemsGiven !== core.conversation.itemsGiven) return false;
  // Nothing was said that could echo, or the client itself wanted it gone: this is another try.
  const { outcome, hasOutput } = lastEnded;
  if (outcome.type === 'failed' && !hasOutput) return false;
  if (outcome.type === 'cancelled' && outcome.reason === 'client_cancelled') return false;
  if (params?.instructions !== undefined || params?.input || params?.metadata || params?.tools || params?.tool_choice) return false;
  return core.now - lastEnded.atMs < echoMs || isAudible(core);
}

/** Function outputs that came after the response's prompt was written. */
function hasUnseenOutputs(core: Core, response: Response): boolean {
  if (response.state === 'waiting') return false;
  const seenSerial = runOf(core, response)?.seenSerial ?? 0;
  return core.conversation.entries.some(({ item, serial }) => item.type === 'function_call_output' && serial > seenSerial);
}

/**
 * On Inworld's paths the server goes on by itself once every call of a response has its output (conflict C18). Calls of other responses
 * do not count: one that was given up in an interruption would silence all that come after it. Nor do calls a client put in as history.
 */
export function continueAfterOutputs(core: Core, { entry: { item } }: { entry: Entry }): void {
  const call = item.type === 'function_call_output' ? core.conversation.callOf(item.call_id) : undefined;
  if (call?.response === undefined || !goesOnByItself(core) || isAnswerWanted(core)) return;
  const { entries } = core.conversation;
  const answered = new Set(entries.flatMap(({ item }) => (item.type === 'function_call_output' ? [item.call_id] : [])));
  const open = entries.some(
    ({ item, response }) =>
      response === call.response && item.type === 'function_call' && item.status !== 'incomplete' && !answered.has(item.call_id),
  );
  if (!open) want(core, { reason: 'outputs' });
}

function goesOnByItself(core: Core): boolean {
  return readProviderData(core.config.providerData).auto_tool_response ?? core.birth.inworld;
}

/** The user's turn is to be answered, or a silence that has become one. */
export function answerTurn(core: Core, reason: 'turn' | 'idle'): void {
  if (core.config.type !== 'transcription') want(core, { reason });
}
