// The rules of our own speaker, watched from outside: what it plays is told in pairs, one answer at a time.
import { strict as assert } from 'node:assert';
import type { ServerEvent } from '../../src/protocol/server-events.ts';

type SpeakerEvent = Extract<ServerEvent, { type: `output_audio_buffer.${string}` }>;

export class WatchSpeaker {
  #playing: string | undefined;

  event({ type, response_id }: SpeakerEvent, wasCreated: boolean): void {
    assert(wasCreated, 'what is played was created');
    if (type === 'output_audio_buffer.started') {
      assert.equal(this.#playing, undefined, 'one answer is played at a time');
      this.#playing = response_id;
      return;
    }
    assert.equal(this.#playing, response_id, 'what ends had begun');
    this.#playing = undefined;
  }
}
