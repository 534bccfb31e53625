// The page's one conversation with the server: connects, keeps the state, and turns what the user does into events. Views call its methods
// and show its state; what events mean is decided in realtime/.
import { fromBase64, toBase64 } from '../audio/base64.ts';
import type { CapturedFrame, PlayerReport } from '../audio/messages.ts';
import { converse, cutOff, emptyConversation, remark } from '../realtime/conversation.ts';
import { EventLog } from '../realtime/event-log.ts';
import { type ClientEvent, readEvent, type ServerEvent } from '../realtime/events.ts';
import type { LinkState } from '../realtime/link.ts';
import { replayOf } from '../realtime/replay.ts';
import { hearing, type Resuming, saying, unheard } from '../realtime/resuming.ts';
import { microphoneSentence, sentence } from '../realtime/sentences.ts';
import type { Settings } from '../realtime/settings.ts';
import { readTape } from '../realtime/tape.ts';
import { follow, noTurns, type TurnFact } from '../realtime/turns.ts';
import { kept } from './keepsake.ts';
import { Line } from './line.ts';
import { fetchCatalogue, forgetKey, rememberKey, ServerRefusal } from './server.ts';
import { SessionDesk } from './session-desk.ts';
import { type ConsoleState, initialState } from './state.ts';
import { createStore, type Store } from './store.ts';
import { Voice } from './voice.ts';

const mostProblems = 3;
const mostUnsaid = 8;
/** Items that are cut and may still have sound on its way. */
const mostCut = 50;

export class Console {
  readonly state: Store<ConsoleState>;
  readonly log: EventLog;
  /** The events of the tape that is looked at, if one is. */
  #tapeLog: EventLog | undefined;
  /** Counts the changes of the log that is shown. */
  readonly logged = createStore(0);
  readonly voice: Voice;
  /** What the session is told to be. */
  readonly desk: SessionDesk;
  readonly #line: Line;
  /** Items whose sound was cut: what still comes of them is not played. */
  readonly #cut = new Set<string>();
  /** Texts that were written before there was a connection. */
  readonly #unsaid: string[] = [];
  #outage = false;
  #resuming: Resuming | undefined;
  #numbers = 0;
  #arrivals = 0;

  constructor() {
    const { settings, transport } = kept();
    this.state = createStore(initialState(settings, transport));
    this.log = new EventLog(() => this.logged.set(this.logged.get() + 1));
    this.voice = new Voice({
      onFrame: (frame) => this.#hear(frame),
      onReport: (report) => this.#played(report),
      onMicrophoneEnd: () => {
        this.#setMicrophone('off');
        this.#problem(microphoneSentence('NotReadableError'));
      },
    });
    this.desk = new SessionDesk({
      state: this.state,
      change: (part) => this.#change(part),
      send: (event) => this.send(event),
      follow: (fact) => this.#follow(fact),
      interrupt: () => this.interrupt(),
      setMuted: (muted) => this.voice.setMuted(muted),
      kind: () => this.#line.kind,
    });
    this.#line = new Line(this.voice, {
      wish: () => {
        const { transport: kind, settings: wished } = this.state.get();
        return { kind, model: typeof wished.model === 'string' ? wished.model : undefined, resume: this.#resuming };
      },
      onGone: () => this.#gone(),
      onLink: (link) => this.#linked(link),
      onMessage: (text) => this.#receive(text),
      onLost: (why) => this.#lost(why),
    });
  }

  // --- what the user does

  /** Reads what the server has to offer; asks for a key where one is needed. */
  async arrive(): Promise<void> {
    this.#arrivals += 1;
    const arrival = this.#arrivals;
    try {
      const catalogue = await fetchCatalogue();
      const transport = catalogue.webrtc ? this.state.get().transport : 'websocket';
      this.#change({ catalogue, transport });
      if (this.state.get().link.phase === 'locked') this.#line.hangUp();
    } catch (error) {
      // What was asked with the key before says nothing of the one that was typed since.
      if (arrival !== this.#arrivals) return;
      if (error instanceof ServerRefusal && error.status === 401) return this.#line.lock();
      this.#problem(error instanceof Error ? error.message : String(error));
    }
  }

  async unlock(key: string): Promise<void> {
    rememberKey(key);
    await this.arrive();
  }

  /** Connects with the microphone; within a conversation that was typed so far, turns the microphone on. */
  async talk(): Promise<void> {
    this.#change({ problems: [] });
    this.#line.connect();
    await this.openMicrophone(this.state.get().deviceId);
  }

  hangUp(): void {
    if (this.state.get().playing) this.#follow({ kind: 'heard.cut' });
    this.#line.hangUp();
    this.#resuming = undefined;
    this.#change({ session: undefined, conversation: cutOff(this.state.get().conversation) });
    this.#outage = false;
  }

  async openMicrophone(deviceId: string | undefined): Promise<void> {
    if (this.state.get().microphone === 'off') this.#setMicrophone('asked');
    try {
      const stream = await this.voice.open(deviceId);
      if (this.state.get().link.phase === 'idle') return this.voice.closeMicrophone();
      this.#line.useMicrophone(stream);
      this.#setMicrophone('on');
      this.desk.gate();
      const devices = (await navigator.mediaDevices.enumerateDevices())
        .filter(({ kind }) => kind === 'audioinput')
        .map(({ deviceId: id, label }, index) => ({ id, label: label || `Microphone ${index + 1}` }));
      this.#change({ devices, deviceId: stream.getAudioTracks()[0]?.getSettings().deviceId });
    } catch (error) {
      if (this.state.get().microphone === 'asked') this.#setMicrophone('off');
      this.#problem(microphoneSentence(error instanceof Error ? error.name : String(error)));
    }
  }

  /** Says a text; connects first where that is needed. */
  say(text: string): void {
    this.interrupt();
    const events: ClientEvent[] = [
      { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } },
      { type: 'response.create' },
    ];
    if (this.state.get().link.phase === 'open') {
      this.#follow({ kind: 'typed' });
      for (const event of events) this.send(event);
    } else {
      if (this.#unsaid.length < mostUnsaid) this.#unsaid.push(text);
      void this.voice.wake();
      this.#line.connect();
    }
  }
  /** Ends the answer under way, and the sound of one that is still being played. */
  interrupt(): void {
    const { conversation, playing, link } = this.state.get();
    if (link.phase !== 'open') return;
    if (conversation.responseId !== undefined) this.send({ type: 'response.cancel' });
    if (this.#line.kind === 'webrtc') {
      if (playing) this.send({ type: 'output_audio_buffer.clear' });
    } else {
      this.voice.flush();
    }
  }

  setMuted(muted: boolean): void {
    this.#change({ muted });
    this.desk.gate();
  }

  answerCall(callId: string, output: string): void {
    this.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } });
    // Answers to several calls are given one by one: only the last one goes on.
    const waiting = this.state
      .get()
      .conversation.entries.some((entry) => entry.kind === 'call' && entry.state === 'waiting' && entry.callId !== callId);
    if (!waiting) this.send({ type: 'response.create' });
  }

  approve(requestId: string, approve: boolean): void {
    this.send({
      type: 'conversation.item.create',
      item: { type: 'mcp_approval_response', approval_request_id: requestId, approve },
    });
    // The server goes on by itself with a call that is allowed; a refusal the model has yet to answer.
    if (!approve) this.send({ type: 'response.create' });
  }

  clearConversation(): void {
    for (const entry of this.state.get().conversation.entries) {
      if (entry.kind === 'message') this.send({ type: 'conversation.item.delete', item_id: entry.id });
    }
    this.#change({ conversation: { ...emptyConversation, responseId: this.state.get().conversation.responseId }, turns: noTurns });
  }

  /** Shows a tape instead of the session's own turns and events, until it is put away; the session goes on. */
  async openTape(file: File): Promise<void> {
    try {
      const tape = readTape(await file.text());
      const log = new EventLog(() => {});
      for (const { direction, event, at } of tape.events) log.add(direction, event, at);
      this.#tapeLog = log;
      this.#change({ tape: { name: file.name, tape } });
      this.logged.set(this.logged.get() + 1);
    } catch (error) {
      this.#problem(error instanceof Error ? error.message : String(error));
    }
  }

  closeTape(): void {
    this.#tapeLog = undefined;
    this.#change({ tape: undefined });
    this.logged.set(this.logged.get() + 1);
  }

  /** The events to look at: of the tape that is open, or of the session. */
  get shownLog(): EventLog {
    return this.#tapeLog ?? this.log;
  }

  dismiss(id: number): void {
    this.#change({ problems: this.state.get().problems.filter((problem) => problem.id !== id) });
  }

  send(event: ClientEvent): void {
    if (this.#line.kind === undefined) return;
    this.log.add('sent', event, performance.now());
    this.#resuming = saying(this.#resuming, event);
    this.#line.send(event);
  }

  // --- the connection

  #linked(link: LinkState): void {
    this.#change({ link });
    if (link.phase === 'locked') forgetKey();
    if (link.phase !== 'idle' && link.phase !== 'locked') return;
    this.#unsaid.length = 0;
    this.voice.rest();
    this.#change({ microphone: 'off', muted: false, push: 'off', playing: false });
  }

  #lost(why: string): void {
    const again = this.state.get().link.phase !== 'idle';
    // What has come is played on: the session waits for us, and goes on where we stopped hearing.
    if (again && this.#resuming) return this.#waitFor(why);
    this.#resuming = undefined;
    this.voice.flush();
    const conversation = cutOff(this.state.get().conversation);
    // Said once for each outage, however many attempts it takes.
    const said = this.#outage && again;
    this.#outage = again;
    const note = again ? `${why} Trying again …` : why;
    this.#change({ playing: false, session: undefined, conversation: said ? conversation : remark(conversation, this.#id('note'), note) });
  }

  #waitFor(why: string): void {
    const { conversation } = this.state.get();
    const note = `${why} Taking the conversation up again …`;
    if (!this.#outage) this.#change({ conversation: remark(conversation, this.#id('note'), note) });
    this.#outage = true;
  }

  /** The session is over: what is under way in it will not end any more. */
  #gone(): void {
    if (!this.#resuming) return;
    this.#resuming = undefined;
    this.voice.flush();
    this.#change({ playing: false, session: undefined, conversation: cutOff(this.state.get().conversation) });
  }

  #resumed(received: number): void {
    this.#line.opened();
    this.#outage = false;
    if (this.#resuming) for (const event of unheard(this.#resuming, received)) this.#line.send(event);
    const { conversation } = this.state.get();
    this.#change({ conversation: remark(conversation, this.#id('note'), 'Connected again; the conversation goes on.') });
    for (const text of this.#unsaid.splice(0)) this.say(text);
  }

  #receive(text: string): void {
    const event = readEvent(text);
    const now = performance.now();
    if (!event) return;
    this.log.add('received', event, now);
    this.#resuming = hearing(this.#resuming, event);
    this.#act(event);
    const { conversation } = this.state.get();
    this.#change({ conversation: converse(conversation, event) });
    this.#follow({ kind: 'event', event, voice: this.desk.spurt.voice });
  }

  #act(event: ServerEvent): void {
    switch (event.type) {
      case 'session.created':
        return this.#opened(event.session as unknown as Settings);
      case 'session.resumed':
        return this.#resumed(event.received.events);
      case 'session.updated':
        if (event.session.parley && 'expires_in_seconds' in event.session.parley && this.#resuming) this.#line.renew();
        return this.#change({ session: event.session as unknown as Settings });
      case 'response.output_audio.delta':
        if (!this.#cut.has(event.item_id)) this.voice.play(event.item_id, fromBase64(event.delta));
        return;
      case 'response.output_audio.done':
        return this.voice.endOf(event.item_id);
      case 'input_audio_buffer.speech_started': {
        if (this.desk.interrupts) this.voice.flush();
        return;
      }
      case 'conversation.item.truncated':
        return this.send({ type: 'conversation.item.retrieve', item_id: event.item_id });
      case 'output_audio_buffer.started':
        return this.#change({ playing: true });
      case 'output_audio_buffer.stopped':
      case 'output_audio_buffer.cleared':
        return this.#change({ playing: false });
      case 'error': {
        const told = sentence(event.error);
        if (told !== undefined) this.#problem(told);
        // A WebSocket's close says whether to come back; a call just ends.
        if (event.error.code === 'session_expired' && this.#line.kind === 'webrtc') this.hangUp();
        return;
      }
      default:
    }
  }

  #opened(session: Settings): void {
    const { conversation } = this.state.get();
    this.#line.opened();
    this.#cut.clear();
    this.#change({ session });
    this.desk.begin();
    for (const event of replayOf(conversation)) this.send(event);
    if (this.#outage) {
      this.#outage = false;
      const note = 'Connected again, with a new session that was told what has been said.';
      this.#change({ conversation: remark(this.state.get().conversation, this.#id('note'), note) });
    }
    for (const text of this.#unsaid.splice(0)) this.say(text);
    if (!this.state.get().catalogue) void this.arrive();
  }

  // --- sound

  #hear({ rms, pcm }: CapturedFrame): void {
    this.desk.spurt.hear(rms, performance.now());
    const { link, push } = this.state.get();
    if (!pcm || link.phase !== 'open' || this.#line.kind !== 'websocket' || push === 'ready') return;
    this.send({ type: 'input_audio_buffer.append', audio: toBase64(pcm) });
  }

  #played(report: PlayerReport): void {
    switch (report.kind) {
      case 'began':
        this.#change({ playing: true });
        return this.#follow({ kind: 'heard.start' });
      case 'ended':
        this.#change({ playing: false });
        return this.#follow({ kind: 'heard.end' });
      case 'flushed': {
        this.#cut.add(report.item);
        for (const oldest of this.#cut) if (this.#cut.size > mostCut) this.#cut.delete(oldest);
        const audio_end_ms = this.voice.heardMs(report.playedMs);
        this.send({ type: 'conversation.item.truncate', item_id: report.item, content_index: 0, audio_end_ms });
        this.#change({ playing: false });
        // What never began was not cut, it was not heard.
        if (report.playedMs > 0) this.#follow({ kind: 'heard.cut' });
        return;
      }
      case 'level':
    }
  }

  // --- the state

  #follow(fact: TurnFact): void {
    this.#change({ turns: follow(this.state.get().turns, fact, performance.now()) });
  }

  #setMicrophone(microphone: ConsoleState['microphone']): void {
    this.#change({ microphone });
  }

  #problem(text: string): void {
    const others = this.state.get().problems.filter((problem) => problem.text !== text);
    this.#numbers += 1;
    this.#change({ problems: [...others, { id: this.#numbers, text }].slice(-mostProblems) });
  }

  #id(what: string): string {
    this.#numbers += 1;
    return `${what}-${this.#numbers}`;
  }

  #change(part: Partial<ConsoleState>): void {
    const state = this.state.get();
    const changed = (Object.keys(part) as (keyof ConsoleState)[]).some((key) => !Object.is(part[key], state[key]));
    if (changed) this.state.set({ ...state, ...part });
  }
}
