// A filler: "Let me see." as the first words of an answer that takes long to come. Part of what was said, but not of what the model said.
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import type { ResponsivenessSettings } from '../protocol/provider-data/responsiveness.ts';
import { nothing } from './asides.ts';
import type { FactOf } from './facts.ts';
import { onAudio, onText } from './output.ts';
import { playoutEndsAtMs } from './playout.ts';
import { smallPrompt } from './small-model.ts';
import { type Core, draw, mint, type Response } from './state.ts';
import { isOwn } from './wants.ts';

/** Said when no small model is named. */
const ownFillers = ['Let me see.', 'One moment.', 'Let me think.', 'Just a second.'];

const ownTemplate = `You are about to answer the last message, and the answer needs a little longer. Say one very short phrase that bridges the wait, such as
"Let me see." or "One moment.", in the language of the conversation. Do not answer, do not ask, promise nothing, and say nothing else.`;

/** A filler is no speech. */
const mostCharacters = 120;

function wanted(core: Core, response: Response): ResponsivenessSettings | undefined {
  const settings = readProviderData(core.config.providerData).responsiveness;
  if (!settings?.enabled || !response.settings.modalities.includes('audio') || response.state === 'calling') return undefined;
  return settings.enable_filler_on_first_assistant_reply || hasReplied(core, response) ? settings : undefined;
}

/** Whether there has been an answer before this one. */
function hasReplied(core: Core, { id }: Response): boolean {
  return core.conversation.entries.some(({ item, response }) => item.type === 'message' && item.role === 'assistant' && response !== id);
}

/** Whether anything but fillers has come of a response: its first word is the end of waiting, for its sound is close behind. */
function hasBegun(core: Core, { open, output }: Response): boolean {
  if (output.length === 0 && open === undefined) return false;
  if (output.length > 1 || open?.kind !== 'message') return true;
  const speech = core.conversation.find(open.item)?.speech;
  return speech === undefined || speech.text !== speech.filler;
}

/** Keeps up with the answer, gives a filler up that it has overtaken, and begins one when it is time. Called when all else of a step is decided. */
export function followAnswer(core: Core): void {
  const { filler, active } = core;
  if (filler.answer?.response !== active?.id) {
    giveUp(core);
    filler.answer = active && { response: active.id, sinceMs: core.now };
    if (active && !isOwn(active.reason)) filler.given = 0;
  }
  if (!active || hasBegun(core, active) || !wanted(core, active)) giveUp(core);
  const dueAtMs = fillerDueAtMs(core);
  if (dueAtMs === undefined || dueAtMs > core.now) return;
  giveUp(core);
  begin(core);
}

/** When there is next something to say, or to give up. */
export function fillerDueAtMs(core: Core): number | undefined {
  const { filler, active } = core;
  if (filler.making.state !== 'none') return filler.making.deadlineAtMs;
  if (!active || filler.answer?.response !== active.id || hasBegun(core, active)) return undefined;
  const settings = wanted(core, active);
  if (!settings || filler.given >= settings.max_initial_per_turn) return undefined;
  return Math.max(
    filler.answer.sinceMs + settings.initial_wait_timeout_ms,
    (filler.heardAtMs ?? -Infinity) + settings.min_filler_gap_ms,
    playoutEndsAtMs(core),
  );
}

function begin(core: Core): void {
  const { filler, active } = core;
  const settings = active && wanted(core, active);
  if (!settings || filler.given >= settings.max_initial_per_turn) return;
  // Whatever becomes of it, it was this turn's.
  filler.given += 1;
  const aside = mint(core, 'fill');
  const deadlineAtMs = core.now + settings.hard_deadline_ms;
  if (settings.small_model === '') {
    const own = ownFillers[Math.floor(draw(core) * ownFillers.length)] ?? '';
    speak(core, active, settings, { aside, text: own, deadlineAtMs });
    return;
  }
  filler.making = { state: 'asking', aside, deadlineAtMs };
  const { small_model, temperature, max_tokens } = settings;
  core.effects.push({
    kind: 'aside.ask',
    order: { aside, model: small_model, temperature, maxOutputTokens: max_tokens },
    prompt: smallPrompt(core, settings.prompt_template || ownTemplate, settings.history_tail_items, ''),
  });
}

function speak(
  core: Core,
  response: Response,
  { pause_text }: ResponsivenessSettings,
  what: { aside: string; text: string; deadlineAtMs: number },
): void {
  const { aside, deadlineAtMs } = what;
  const { voice, speed, manner, format } = response.settings;
  const text = pause_text === '' ? what.text : `${what.text} ${pause_text}`;
  core.filler.making = { state: 'voicing', aside, text, deadlineAtMs };
  core.effects.push({
    kind: 'aside.speak',
    order: { aside, text, voice, ttsModel: core.config.audio.output.model, speed, manner, format, gain: 1 },
  });
}

export function onFillerSaid(core: Core, fact: FactOf<'aside.said'>): void {
  const { filler, active } = core;
  const { making } = filler;
  if (making.state !== 'asking' || making.aside !== fact.aside) return;
  filler.making = nothing;
  const settings = active && wanted(core, active);
  const text = phrase(fact.text);
  if (settings && text !== '') speak(core, active, settings, { aside: making.aside, text, deadlineAtMs: making.deadlineAtMs });
}

/** The first line without the quotation marks that models like to put around it; nothing when it is too long to be a filler. */
function phrase(text: string): string {
  const [line = ''] = text.trim().split('\n');
  const words = line.replaceAll(/^["'“”‘\s]+|(?<!["“”\s])["“”\s]+$/g, '');
  return words.length > mostCharacters ? '' : words;
}

/** The filler is there before the answer: it becomes the beginning of it. */
export function onFillerSpoken(core: Core, fact: FactOf<'aside.spoken'>): void {
  const { filler, active } = core;
  const { making } = filler;
  if (making.state !== 'voicing' || making.aside !== fact.aside) return;
  filler.making = nothing;
  if (!active || fact.bytes.length === 0) return;
  const response = active.id;
  onText(core, active, { kind: 'reply.text', response, delta: `${making.text} ` });
  onAudio(core, active, { kind: 'reply.audio', response, bytes: fact.bytes, ms: fact.ms, words: fact.words });
  filler.heardAtMs = playoutEndsAtMs(core);
  const speech = active.open?.kind === 'message' ? core.conversation.find(active.open.item)?.speech : undefined;
  if (!speech) return;
  speech.filler = speech.text;
  speech.leadMs = speech.madeMs;
}

export function onFillerFailed(core: Core, fact: FactOf<'aside.failed'>): void {
  const { making } = core.filler;
  if (making.state !== 'none' && making.aside === fact.aside) core.filler.making = nothing;
}

function giveUp(core: Core): void {
  const { making } = core.filler;
  if (making.state === 'none') return;
  core.filler.making = nothing;
  core.effects.push({ kind: 'aside.abort', aside: making.aside });
}
