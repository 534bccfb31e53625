// What the operator says to the agent: heard by the microphone while a button is held, and written down by a session of its own that only transcribes.
// So its sound never comes near the call; what goes there are the words.
import { toBase64 } from '../audio/base64.ts';
import type { CapturedFrame } from '../audio/messages.ts';
import { type Microphone, openMicrophone } from '../audio/sound.ts';
import { type ClientEvent, readEvent } from '../realtime/events.ts';
import { microphoneSentence, sentence } from '../realtime/sentences.ts';
import type { Transport } from '../transport/transport.ts';
import { openWebSocket } from '../transport/websocket.ts';
import { fetchSecret } from './server.ts';

/** Not open; being opened; ready to be held; held; let go, and its words are awaited. */
export type Speech = 'off' | 'opening' | 'ready' | 'held' | 'awaited';

export interface OperatorVoiceHandlers {
  /** The page's audio context, awake until it is given back. */
  lend(): Promise<AudioContext>;
  giveBack(): void;
  onSpeech(speech: Speech): void;
  onWords(text: string): void;
  onProblem(sentence: string): void;
}

const transcribing: ClientEvent = {
  type: 'session.update',
  session: {
    type: 'transcription',
    audio: {
      input: { format: { type: 'audio/pcm', rate: 24_000 }, turn_detection: null, transcription: { model: 'gpt-4o-mini-transcribe' } },
    },
  },
};

export class OperatorVoice {
  readonly #handlers: OperatorVoiceHandlers;
  #ending = new AbortController();
  #microphone: Microphone | undefined;
  #transport: Transport | undefined;
  #speech: Speech = 'off';
  #isHeld = false;

  constructor(handlers: OperatorVoiceHandlers) {
    this.#handlers = handlers;
  }

  /** The button is held: speech is heard as soon as the microphone is there. */
  press(): void {
    this.#isHeld = true;
    if (this.#speech === 'off') void this.#open();
    else if (this.#speech === 'ready') this.#begin();
  }

  release(): void {
    this.#isHeld = false;
    if (this.#speech !== 'held') return;
    this.#microphone?.setMuted(true);
    this.#transport?.send({ type: 'input_audio_buffer.commit' });
    this.#set('awaited');
  }

  close(): void {
    this.#ending.abort();
    this.#ending = new AbortController();
    this.#microphone?.close();
    this.#microphone = undefined;
    this.#transport?.close();
    this.#transport = undefined;
    this.#isHeld = false;
    if (this.#speech === 'off') return;
    this.#handlers.giveBack();
    this.#set('off');
  }

  async #open(): Promise<void> {
    this.#set('opening');
    const { signal } = this.#ending;
    try {
      const context = await this.#handlers.lend();
      const microphone = await openMicrophone(context, { deviceId: undefined, pcm: true }, (frame) => this.#hear(frame));
      if (signal.aborted) return microphone.close();
      this.#microphone = microphone;
      microphone.setMuted(true);
    } catch (error) {
      if (signal.aborted) return;
      return this.#fail(microphoneSentence(error instanceof Error ? error.name : String(error)));
    }
    try {
      const secret = await fetchSecret(signal);
      if (signal.aborted) return;
      this.#transport = openWebSocket(
        { secret, model: undefined, resume: undefined, intent: 'transcription' },
        { onMessage: (text) => this.#receive(text), onLost: (lost) => this.#lose(lost.sentence) },
      );
    } catch (error) {
      if (!signal.aborted) this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #receive(text: string): void {
    const event = readEvent(text);
    switch (event?.type) {
      case 'session.created':
        this.#transport?.send(transcribing);
        return;
      case 'session.updated':
        if (this.#speech === 'opening') this.#get();
        return;
      case 'conversation.item.input_audio_transcription.completed': {
        const words = event.transcript.trim();
        this.#get();
        if (words === '') this.#handlers.onProblem('No words were recognised.');
        else this.#handlers.onWords(words);
        return;
      }
      case 'conversation.item.input_audio_transcription.failed':
      case 'error':
        this.#get();
        this.#handlers.onProblem(sentence(event.error) ?? event.error.message);
        return;
      default:
    }
  }

  /** It can be held, if it is not by now. */
  #get(): void {
    this.#set('ready');
    if (this.#isHeld) this.#begin();
  }

  #begin(): void {
    this.#transport?.send({ type: 'input_audio_buffer.clear' });
    this.#microphone?.setMuted(false);
    this.#set('held');
  }

  #hear({ pcm }: CapturedFrame): void {
    if (pcm && this.#speech === 'held') this.#transport?.send({ type: 'input_audio_buffer.append', audio: toBase64(pcm) });
  }

  /** A session that nobody speaks in is opened anew when somebody does. */
  #lose(why: string): void {
    if (this.#speech === 'ready') this.close();
    else this.#fail(why);
  }

  #fail(problem: string): void {
    this.close();
    this.#handlers.onProblem(problem);
  }

  #set(speech: Speech): void {
    this.#speech = speech;
    this.#handlers.onSpeech(speech);
  }
}
