// response.backchannel.*: a short "I see" while the user speaks. It takes no turn, enters no history and gives way to every answer.
import type { BackchannelSettings } from '../../protocol/provider-data/backchannel.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import { type Core, draw, type Guest, mint, send } from '../core.ts';
import type { FactOf } from '../facts.ts';
import { playoutEndsAtMs } from '../response/playout.ts';
import { speechManner } from '../settings/manner.ts';
import { type Making, nothing } from './asides.ts';
import { filled, smallPrompt } from './small-model.ts';

/** What it keeps. */
interface Backchannel {
  /** The open turn: since when it is, what has been understood of it, and how often it has been acknowledged. */
  turn: { item: string; sinceMs: number; words: string; given: number } | undefined;
  /** When the last decision was asked for, and when the last acknowledgement will have been heard. */
  decidedAtMs: number | undefined;
  heardAtMs: number | undefined;
  making: Making;
}

export const backchannel: Guest = {
  name: 'backchannel',
  begin: (): Backchannel => ({ turn: undefined, decidedAtMs: undefined, heardAtMs: undefined, making: nothing }),
  on: {
    'transcript.partial': hearSoFar,
    'aside.said': onSaid,
    'aside.spoken': onSpoken,
    'aside.failed': onFailed,
    // It would come when something else is heard again.
    'line.lost': (core) => giveUp(core, 'cleared'),
    'line.held': (core) => giveUp(core, 'cleared'),
    // What has left already is the client's to stop.
    client: (core, { event }) => {
      if (event.type === 'output_audio_buffer.clear') giveUp(core, 'cleared');
    },
  },
  afterStep: followTurn,
  wakeAt: dueAtMs,
};

const own = (core: Core) => core.guests[backchannel.name] as Backchannel;

/** Said when a client allows no phrases of its own. Voices spell "mhm" out: these are words. */
const ownPhrases = ['I see', 'Right', 'Okay', 'Yeah', 'Sure', 'Uh-huh'];

const ownTemplate = `You listen to somebody who is still speaking; the last message is what they have said so far. Decide whether a good listener would
acknowledge it right now. If so, answer with exactly one of these phrases and nothing else: {{phrases}}. If not, answer NONE.`;

/** What a client plays whatever the session's format: PCM16 at 24 kHz (protocol 7.7). */
const format = { type: 'audio/pcm', rate: 24_000 } as const;

function wanted(core: Core): BackchannelSettings | undefined {
  const { config } = core;
  const settings = readProviderData(config.providerData).backchannel;
  return settings?.enabled && config.type === 'realtime' && config.output_modalities.includes('audio') ? settings : undefined;
}

/** Keeps up with the turn, gives up what no longer fits into it, and decides when it is time. Called when all else of a step is decided. */
function followTurn(core: Core): void {
  const { turn } = core;
  const slice = own(core);
  if (turn.state === 'none') slice.turn = undefined;
  else if (slice.turn?.item !== turn.item) slice.turn = { item: turn.item, sinceMs: core.now, words: '', given: 0 };
  if (core.active) giveUp(core, 'answer_began');
  else if (turn.state === 'none') giveUp(core, 'turn_ended');
  else if (!wanted(core)) giveUp(core, 'disabled');
  const atMs = dueAtMs(core);
  if (atMs === undefined || atMs > core.now) return;
  // From a decision that came too late the next one is as far as from any other.
  slice.decidedAtMs = core.now;
  const settings = wanted(core);
  if (slice.making.state !== 'none') giveUp(core, 'deadline');
  else if (settings) decide(core, settings);
}

/** What the recogniser makes of the open turn so far. */
function hearSoFar(core: Core, fact: FactOf<'transcript.partial'>): void {
  const { turn } = own(core);
  if (turn?.item === fact.item) turn.words = fact.text;
}

/** When there is next something to decide, or to give up. */
function dueAtMs(core: Core): number | undefined {
  const { turn } = core;
  const slice = own(core);
  if (slice.making.state !== 'none') return slice.making.deadlineAtMs;
  const settings = wanted(core);
  if (!settings || core.line.state !== 'open' || core.active || turn.state === 'none' || slice.turn?.item !== turn.item) return undefined;
  if (slice.turn.given >= settings.max_per_turn || (settings.require_pause && turn.state !== 'pausing')) return undefined;
  return Math.max(
    slice.turn.sinceMs + settings.min_speech_ms,
    (slice.decidedAtMs ?? -Infinity) + settings.eval_interval_ms,
    (slice.heardAtMs ?? -Infinity) + settings.min_gap_ms,
    playoutEndsAtMs(core),
  );
}

function decide(core: Core, settings: BackchannelSettings): void {
  const { config } = core;
  const slice = own(core);
  const phrases = phrasesOf(settings);
  const deadlineAtMs = core.now + settings.hard_deadline_ms;
  const aside = mint(core, 'bc');
  if (settings.decider_kind === 'rule') {
    const phrase = draw(core) < settings.rule_fire_probability ? phrases[Math.floor(draw(core) * phrases.length)] : undefined;
    if (phrase === undefined) skip(core, 'declined');
    else speak(core, settings, { aside, phrase, deadlineAtMs });
    return;
  }
  slice.making = { state: 'asking', aside, deadlineAtMs };
  const words = slice.turn?.words ?? '';
  const instructions = filled(settings.prompt_template || ownTemplate, { phrases: phrases.join(', '), transcript: words });
  const { small_model, temperature, max_tokens } = settings;
  core.effects.push({
    kind: 'aside.ask',
    order: { aside, model: small_model || config.model, temperature, maxOutputTokens: max_tokens },
    prompt: smallPrompt(core, instructions, settings.history_tail_items, words),
  });
}

function phrasesOf(settings: BackchannelSettings): readonly string[] {
  return settings.allowed_phrases.length > 0 ? settings.allowed_phrases : ownPhrases;
}

function speak(core: Core, settings: BackchannelSettings, what: { aside: string; phrase: string; deadlineAtMs: number }): void {
  const { aside, phrase, deadlineAtMs } = what;
  const { voice, model, speed } = core.config.audio.output;
  const manner = speechManner(core.config);
  own(core).making = { state: 'voicing', aside, text: phrase, deadlineAtMs };
  core.effects.push({
    kind: 'aside.speak',
    order: { aside, text: phrase, voice, ttsModel: model, speed, manner, format, gain: settings.volume_gain },
  });
}

/** The model has decided: a phrase is said if it is one of those that may be. */
function onSaid(core: Core, fact: FactOf<'aside.said'>): void {
  const { making } = own(core);
  const settings = wanted(core);
  if (making.state !== 'asking' || making.aside !== fact.aside || !settings) return;
  const said = bare(fact.text);
  const phrase = phrasesOf(settings).find((allowed) => bare(allowed) === said);
  if (phrase !== undefined) {
    speak(core, settings, { aside: making.aside, phrase, deadlineAtMs: making.deadlineAtMs });
    return;
  }
  own(core).making = nothing;
  skip(core, said === '' || said === 'none' ? 'declined' : 'phrase_not_allowed');
}

/** Letters and digits: how a model punctuates and quotes does not matter. */
function bare(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

function onSpoken(core: Core, fact: FactOf<'aside.spoken'>): void {
  const slice = own(core);
  const { making } = slice;
  if (making.state !== 'voicing' || making.aside !== fact.aside) return;
  slice.making = nothing;
  if (fact.bytes.length === 0) {
    skip(core, 'no_sound');
    return;
  }
  core.effects.push({ kind: 'send.backchannel', eventId: mint(core, 'event'), id: fact.aside, bytes: fact.bytes });
  send(core, { type: 'response.backchannel.audio.done', backchannel_id: fact.aside, phrase: making.text });
  slice.heardAtMs = core.now + fact.ms;
  if (slice.turn) slice.turn.given += 1;
}

function onFailed(core: Core, fact: FactOf<'aside.failed'>): void {
  const { making } = own(core);
  if (making.state === 'none' || making.aside !== fact.aside) return;
  own(core).making = nothing;
  skip(core, 'failed');
}

function giveUp(core: Core, reason: string): void {
  const slice = own(core);
  const { making } = slice;
  if (making.state === 'none') return;
  slice.making = nothing;
  core.effects.push({ kind: 'aside.abort', aside: making.aside });
  skip(core, reason);
}

function skip(core: Core, reason: string): void {
  send(core, { type: 'response.backchannel.skipped', reason });
}
