// A filler: "Let me see." as the first words of an answer that takes long to come. Part of what was said, but not of what the model said.
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { ResponsivenessSettings } from '../../protocol/provider-data/responsiveness.ts';
import { type Core, draw, type Guest, mint } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { onAudio, onText } from '../response/output.ts';
import { playoutEndsAtMs } from '../response/playout.ts';
import { isOwn } from '../response/wants.ts';
import type { Response } from '../state.ts';
import { type Making, nothing } from './asides.ts';
import { smallPrompt } from './small-model.ts';

/** What it keeps. */
interface Filler {
  /** The answer that is waited for, and since when. */
  answer: { response: string; sinceMs: number } | undefined;
  /** Fillers since the user last spoke. */
  given: number;
  /** When the last one will have been heard. */
  heardAtMs: number | undefined;
  making: Making;
}

export const filler: Guest = {
  name: 'filler',
  begin: (): Filler => ({ answer: undefined, given: 0, heardAtMs: undefined, making: nothing }),
  on: {
    'aside.said': onSaid,
    'aside.spoken': onSpoken,
    'aside.failed': onFailed,
  },
  afterStep: followAnswer,
  wakeAt: dueAtMs,
};

const own = (core: Core) => core.guests[filler.name] as Filler;

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
function followAnswer(core: Core): void {
  const { active } = core;
  const slice = own(core);
  if (slice.answer?.response !== active?.id) {
    giveUp(core);
    slice.answer = active && { response: active.id, sinceMs: core.now };
    if (active && !isOwn(active.reason)) slice.given = 0;
  }
  if (!active || hasBegun(core, active) || !wanted(core, active)) giveUp(core);
  const atMs = dueAtMs(core);
  if (atMs === undefined || atMs > core.now) return;
  giveUp(core);
  begin(core);
}

/** When there is next something to say, or to give up. */
function dueAtMs(core: Core): number | undefined {
  const { active } = core;
  const slice = own(core);
  if (slice.making.state !== 'none') return slice.making.deadlineAtMs;
  if (!active || slice.answer?.response !== active.id || hasBegun(core, active)) return undefined;
  const settings = wanted(core, active);
  if (!settings || slice.given >= settings.max_initial_per_turn) return undefined;
  return Math.max(
    slice.answer.sinceMs + settings.initial_wait_timeout_ms,
    (slice.heardAtMs ?? -Infinity) + settings.min_filler_gap_ms,
    playoutEndsAtMs(core),
  );
}

function begin(core: Core): void {
  const { active } = core;
  const slice = own(core);
  const settings = active && wanted(core, active);
  if (!settings || slice.given >= settings.max_initial_per_turn) return;
  // Whatever becomes of it, it was this turn's.
  slice.given += 1;
  const aside = mint(core, 'fill');
  const deadlineAtMs = core.now + settings.hard_deadline_ms;
  if (settings.small_model === '') {
    const text = ownFillers[Math.floor(draw(core) * ownFillers.length)] ?? '';
    speak(core, active, settings, { aside, text, deadlineAtMs });
    return;
  }
  slice.making = { state: 'asking', aside, deadlineAtMs };
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
  const { voice, ttsModel, speed, manner, format } = response.settings;
  const text = pause_text === '' ? what.text : `${what.text} ${pause_text}`;
  own(core).making = { state: 'voicing', aside, text, deadlineAtMs };
  core.effects.push({
    kind: 'aside.speak',
    order: { aside, text, voice, ttsModel, speed, manner, format, gain: 1 },
  });
}

function onSaid(core: Core, fact: FactOf<'aside.said'>): void {
  const { active } = core;
  const slice = own(core);
  const { making } = slice;
  if (making.state !== 'asking' || making.aside !== fact.aside) return;
  slice.making = nothing;
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
function onSpoken(core: Core, fact: FactOf<'aside.spoken'>): void {
  const { active } = core;
  const slice = own(core);
  const { making } = slice;
  if (making.state !== 'voicing' || making.aside !== fact.aside) return;
  slice.making = nothing;
  if (!active || fact.bytes.length === 0) return;
  onText(core, active, { delta: `${making.text} ` });
  onAudio(core, active, fact);
  slice.heardAtMs = playoutEndsAtMs(core);
  const speech = active.open?.kind === 'message' ? core.conversation.find(active.open.item)?.speech : undefined;
  if (!speech) return;
  speech.filler = speech.text;
  speech.leadMs = speech.madeMs;
}

function onFailed(core: Core, fact: FactOf<'aside.failed'>): void {
  const slice = own(core);
  if (slice.making.state !== 'none' && slice.making.aside === fact.aside) slice.making = nothing;
}

function giveUp(core: Core): void {
  const slice = own(core);
  const { making } = slice;
  if (making.state === 'none') return;
  slice.making = nothing;
  core.effects.push({ kind: 'aside.abort', aside: making.aside });
}
