// What the session is told to be: the user's settings, kept and sent as they change, and push-to-talk, which takes the turns out of the
// server's hands while it is used.
import { TalkSpurt } from '../../../src/media/talk-spurt.ts';
import type { ClientEvent } from '../realtime/events.ts';
import { at, effective, patchOf, type Settings, withoutSecrets, withValue } from '../realtime/settings.ts';
import type { TurnFact } from '../realtime/turns.ts';
import type { TransportKind } from '../transport/transport.ts';
import { keep } from './keepsake.ts';
import type { ConsoleState } from './state.ts';
import type { Store } from './store.ts';

const detectionPath = ['audio', 'input', 'turn_detection'];
/** Sound that is on its way over a call when push-to-talk is let go. */
const callTailMs = 200;

/** What the desk needs of the console. */
export interface DeskParts {
  readonly state: Store<ConsoleState>;
  change(part: Partial<ConsoleState>): void;
  send(event: ClientEvent): void;
  follow(fact: TurnFact): void;
  interrupt(): void;
  setMuted(muted: boolean): void;
  /** How the connection goes that there is. */
  kind(): TransportKind | undefined;
}

export class SessionDesk {
  readonly #parts: DeskParts;
  #detectionBefore: unknown;
  /** What the microphone has heard of late. */
  spurt = new TalkSpurt();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  get #now(): ConsoleState {
    return this.#parts.state.get();
  }

  /** One setting of the session, here and, if there is one, in the session that runs. */
  configure(path: readonly string[], value: unknown): void {
    this.#keep(withValue(this.#now.settings, path, value), this.#now.transport);
    const held = path.join('.') === detectionPath.join('.') && this.#now.push !== 'off';
    if (held) this.#detectionBefore = value;
    else this.#update(patchOf(path, value));
  }

  /** All settings back to these. What a running session was told meanwhile it keeps. */
  reset(settings: Settings): void {
    this.#keep(settings, this.#now.transport);
    this.#update({ type: 'realtime', ...settings });
  }

  setTransport(transport: TransportKind): void {
    this.#keep(this.#now.settings, transport);
  }

  /** What a new session is told first. Its model came with the connection. */
  begin(): void {
    const { model: _, ...rest } = this.#now.settings;
    const { push } = this.#now;
    if (push !== 'off') this.#parts.change({ push: 'ready' });
    this.#update({ type: 'realtime', ...(push === 'off' ? rest : withValue(rest, detectionPath, null)) });
  }

  /** Whether speech during an answer ends it, as far as the server has said. */
  get interrupts(): boolean {
    const { session, settings } = this.#now;
    return at(effective(settings, session ?? {}), ...detectionPath, 'interrupt_response') !== false;
  }

  /** Whether the microphone is let through: not when muted, and with push-to-talk only while it is held. */
  gate(): void {
    const { muted, push } = this.#now;
    this.#parts.setMuted(muted || push === 'ready');
  }

  /** With push-to-talk the server does not end turns: the hand does. */
  usePush(used: boolean): void {
    const { push, session, settings } = this.#now;
    if (used === (push !== 'off')) return;
    if (used) this.#detectionBefore = at(effective(session, settings), ...detectionPath);
    this.#parts.change({ push: used ? 'ready' : 'off' });
    this.gate();
    this.#update(patchOf(detectionPath, used ? null : (this.#detectionBefore ?? { type: 'server_vad' })));
  }

  press(): void {
    if (this.#now.push !== 'ready' || this.#now.link.phase !== 'open') return;
    this.#parts.interrupt();
    this.#parts.send({ type: 'input_audio_buffer.clear' });
    this.spurt = new TalkSpurt();
    this.#parts.change({ push: 'held' });
    this.gate();
  }

  release(): void {
    if (this.#now.push !== 'held') return;
    const commit = () => {
      if (this.#now.push !== 'held') return;
      this.#parts.change({ push: 'ready' });
      this.gate();
      this.#parts.follow({ kind: 'released', voice: this.spurt.voice });
      this.#parts.send({ type: 'input_audio_buffer.commit' });
      this.#parts.send({ type: 'response.create' });
    };
    if (this.#parts.kind() === 'webrtc') setTimeout(commit, callTailMs);
    else commit();
  }

  #keep(settings: Settings, transport: TransportKind): void {
    this.#parts.change({ settings, transport });
    keep({ settings: withoutSecrets(settings), transport });
  }

  #update(session: Settings): void {
    if (this.#now.link.phase === 'open') this.#parts.send({ type: 'session.update', session });
  }
}
