// What was said to the server and may not have come there: it is said again when a session is taken up over another connection. The server
// tells how many events and how many bytes of sound it has had; the oldest is forgotten where too much is kept.

const mostBytes = 8 * 1024 * 1024;

interface Message {
  readonly text: string;
  /** Of `input_audio_buffer.append`; other events have none. */
  readonly soundBytes: number;
}

export class Said {
  #messages: Message[] = [];
  #bytes = 0;
  /** What is not kept any more. */
  readonly #forgotten = { events: 0, soundBytes: 0 };

  add(text: string, soundBytes: number): void {
    this.#messages.push({ text, soundBytes });
    this.#bytes += text.length;
    while (this.#bytes > mostBytes) this.#forget();
  }

  /** What comes after so much of it, in its order; the rest need not be kept. */
  after(received: { readonly events: number; readonly soundBytes: number }): readonly string[] {
    let events = received.events - this.#forgotten.events;
    let soundBytes = received.soundBytes - this.#forgotten.soundBytes;
    const missing = this.#messages.filter((message) => {
      const left = message.soundBytes > 0 ? soundBytes : events;
      if (message.soundBytes > 0) soundBytes -= message.soundBytes;
      else events -= 1;
      return left <= 0;
    });
    return missing.map(({ text }) => text);
  }

  #forget(): void {
    const oldest = this.#messages.shift();
    if (!oldest) return;
    this.#bytes -= oldest.text.length;
    if (oldest.soundBytes > 0) this.#forgotten.soundBytes += oldest.soundBytes;
    else this.#forgotten.events += 1;
  }
}
