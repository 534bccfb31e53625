// The page's view of the calls of its key: keeps the list, reads the call that is looked at, plays the one that is listened to, and does what the operator
// wants of it. Views call its methods and show its state; what events mean is decided in realtime/.
import type { ListenReport } from '../audio/messages.ts';
import { type Listening, openListening } from '../audio/sound.ts';
import { Trace } from '../audio/trace.ts';
import type { FeedMessage } from '../realtime/call-feed.ts';
import { type CallList, listed, noCalls } from '../realtime/calls.ts';
import { actingOn, unwatched, type WatchedCall, watched } from '../realtime/watched-call.ts';
import { type CallFeed, openCallFeed } from '../transport/call-feed.ts';
import { OperatorVoice, type Speech } from './operator-voice.ts';
import { fetchCallTicket, hangUpCall, ServerRefusal } from './server.ts';
import { Sideband } from './sideband.ts';
import { createStore, type Store } from './store.ts';

export interface CallsState {
  /** `waiting`: the connection was lost, and is tried again. */
  readonly link: 'off' | 'connecting' | 'open' | 'waiting';
  readonly list: CallList;
  /** By how much the server's clock is ahead of the page's. */
  readonly aheadMs: number;
  /** The call that is looked at. */
  readonly shown: { readonly id: string; readonly call: WatchedCall } | undefined;
  /** Whether it is listened to: asked for until its sound comes. */
  readonly listening: 'off' | 'asked' | 'on';
  readonly speech: Speech;
  readonly isHangingUp: boolean;
  readonly problem: string | undefined;
}

const initial: CallsState = {
  link: 'off',
  list: noCalls,
  aheadMs: 0,
  shown: undefined,
  listening: 'off',
  speech: 'off',
  isHangingUp: false,
  problem: undefined,
};

const traceSeconds = 12;
/** Between two attempts to connect. */
const retryMs = 2000;
/** That an answer is under way already is known here a little late. */
const alreadyAnswering = 'conversation_already_has_active_response';

export interface CallsHandlers {
  /** The page's audio context, awake until it is given back. */
  lend(): Promise<AudioContext>;
  giveBack(): void;
  /** The server wants a key. */
  onLocked(): void;
}

export class Calls {
  readonly state: Store<CallsState> = createStore(initial);
  /** How loud both sides of the call are that is listened to. */
  readonly caller = new Trace(traceSeconds);
  readonly agent = new Trace(traceSeconds);
  readonly #handlers: CallsHandlers;
  readonly #voice: OperatorVoice;
  #opening = new AbortController();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #feed: CallFeed | undefined;
  #context: Promise<AudioContext> | undefined;
  #listening: Listening | undefined;
  #sideband: Sideband | undefined;
  /** The agent is to act once its answer has been made. */
  #isOwed = false;

  constructor(handlers: CallsHandlers) {
    this.#handlers = handlers;
    this.#voice = new OperatorVoice({
      lend: () => handlers.lend(),
      giveBack: () => handlers.giveBack(),
      onSpeech: (speech) => {
        this.#change({ speech });
        // What comes out of the loudspeaker is not to be written down as the operator's words.
        this.#listening?.setQuiet(speech === 'held');
      },
      onWords: (text) => this.tell(text),
      onProblem: (problem) => this.#change({ problem }),
    });
  }

  /** The page of calls is shown. */
  open(): void {
    if (this.state.get().link === 'off') void this.#connect();
  }

  /** It is left. */
  close(): void {
    this.show(undefined);
    this.#disconnect();
    this.#change({ link: 'off', list: noCalls, problem: undefined });
  }

  /** Looks at a call; at none while `id` is undefined. */
  show(id: string | undefined): void {
    if (this.state.get().shown?.id === id) return;
    this.#leave();
    this.#change({ shown: id === undefined ? undefined : { id, call: unwatched }, problem: undefined, isHangingUp: false });
    this.#want();
  }

  /** To be called from a click: browsers let nothing sound before. */
  async listen(): Promise<void> {
    if (this.state.get().listening !== 'off' || !this.state.get().shown) return;
    this.#change({ listening: 'asked', problem: undefined });
    try {
      this.#context = this.#handlers.lend();
      await this.#context;
      this.#want();
    } catch (error) {
      this.#silence();
      this.#change({ problem: `The sound cannot be played: ${String(error)}` });
    }
  }

  stopListening(): void {
    this.#silence();
    this.#want();
  }

  /** The agent gets a text as an instruction, and acts on it; the caller does not hear it. */
  tell(text: string): void {
    const { shown } = this.state.get();
    if (!shown) return;
    this.#change({ problem: undefined });
    const item = { type: 'message', role: 'system', content: [{ type: 'input_text', text }] };
    this.#beside(shown.id).send({ type: 'conversation.item.create', item });
    const acting = actingOn(shown.call.conversation);
    if (acting === 'now') this.#beside(shown.id).send({ type: 'response.create' });
    this.#isOwed = acting === 'after-answer';
  }

  press(): void {
    this.#change({ problem: undefined });
    this.#voice.press();
  }

  release(): void {
    this.#voice.release();
  }

  async hangUp(): Promise<void> {
    const { shown } = this.state.get();
    if (!shown) return;
    this.#change({ isHangingUp: true, problem: undefined });
    try {
      await hangUpCall(shown.id);
    } catch (error) {
      this.#change({ isHangingUp: false, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  dismiss(): void {
    this.#change({ problem: undefined });
  }

  // --- the connection

  async #connect(): Promise<void> {
    this.#disconnect();
    const { signal } = this.#opening;
    if (this.state.get().link === 'off') this.#change({ link: 'connecting' });
    try {
      const ticket = await fetchCallTicket(signal);
      if (signal.aborted) return;
      this.#feed = openCallFeed(ticket, {
        onMessage: (message) => this.#receive(message),
        onSound: (pairs) => this.#listening?.play(pairs),
        onLost: () => this.#lost(),
      });
      // What has happened in the call is told anew.
      const { shown } = this.state.get();
      if (shown) this.#change({ shown: { id: shown.id, call: unwatched } });
      this.#want();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ServerRefusal && error.status === 401) {
        this.#change({ link: 'off' });
        return this.#handlers.onLocked();
      }
      this.#lost();
    }
  }

  #lost(): void {
    this.#disconnect();
    this.#silence();
    this.#change({ link: 'waiting' });
    this.#retry = setTimeout(() => void this.#connect(), retryMs);
  }

  #disconnect(): void {
    clearTimeout(this.#retry);
    this.#opening.abort();
    this.#opening = new AbortController();
    this.#feed?.close();
    this.#feed = undefined;
  }

  #want(): void {
    const { shown, listening } = this.state.get();
    this.#feed?.want({ watch: shown?.id ?? null, listen: shown && listening !== 'off' ? shown.id : null });
  }

  #receive(message: FeedMessage): void {
    const state = this.state.get();
    switch (message.type) {
      case 'calls':
        return this.#change({
          link: 'open',
          // A first message has all of them.
          list: listed(state.link === 'open' ? state.list : noCalls, message.calls, message.gone),
          aheadMs: message.now - Date.now(),
        });
      case 'events': {
        const { shown } = state;
        if (shown?.id !== message.call) return;
        const call = message.entries.reduce(watched, { ...shown.call, lost: shown.call.lost + message.lost });
        this.#change({ shown: { id: shown.id, call } });
        return this.#actIfOwed();
      }
      case 'call.listening':
        if (state.listening !== 'off' && state.shown?.id === message.call_id) void this.#hear(message.format.rate);
        return;
      case 'call.listening_ended':
        this.#silence();
        if (message.error) this.#change({ problem: message.error.message });
        return;
      case 'call.sound_skipped':
    }
  }

  async #hear(rateHz: number): Promise<void> {
    const context = await this.#context;
    if (!context || this.state.get().listening === 'off') return;
    this.#listening?.close();
    this.#listening = openListening(context, rateHz, (report) => this.#loud(report));
    this.#change({ listening: 'on' });
  }

  #loud({ left, right }: ListenReport): void {
    const now = performance.now();
    this.caller.push(left, now);
    this.agent.push(right, now);
  }

  #silence(): void {
    this.#listening?.close();
    this.#listening = undefined;
    if (this.#context) this.#handlers.giveBack();
    this.#context = undefined;
    this.#change({ listening: 'off' });
  }

  // --- the agent

  #beside(call: string): Sideband {
    this.#sideband ??= new Sideband(call, {
      onRefused: (code, message) => {
        if (code === alreadyAnswering) this.#isOwed = true;
        else this.#change({ problem: `The agent was not told: ${message}` });
      },
      onLost: (sentence) => {
        if (this.state.get().shown?.id === call) this.#change({ problem: `The agent was not told: ${sentence}` });
      },
    });
    return this.#sideband;
  }

  #actIfOwed(): void {
    const { shown } = this.state.get();
    if (!this.#isOwed || !shown) return;
    const acting = actingOn(shown.call.conversation);
    if (acting === 'after-answer') return;
    this.#isOwed = false;
    if (acting === 'now') this.#beside(shown.id).send({ type: 'response.create' });
  }

  /** The call that was looked at is left: nothing of it is heard, and nothing more is said in it. */
  #leave(): void {
    this.#voice.close();
    this.#silence();
    this.#sideband?.close();
    this.#sideband = undefined;
    this.#isOwed = false;
  }

  #change(part: Partial<CallsState>): void {
    const state = this.state.get();
    const changed = (Object.keys(part) as (keyof CallsState)[]).some((key) => !Object.is(part[key], state[key]));
    if (changed) this.state.set({ ...state, ...part });
  }
}
