// Server-sent events out of bytes: CR, LF or CRLF line ends, comments, data over several lines, characters cut in half between
// two chunks. It knows nothing of what the data means.

export interface SseEvent {
  /** `message` unless the stream names it. */
  readonly event: string;
  readonly data: string;
}

/** An event longer than this is no answer of a language model (its largest parts, whole images aside, are some kilobytes). */
const LIMIT_CHARS = 4 * 1024 * 1024;

/**
 * Reads events as they come. An event that the stream's end leaves without its blank line is still delivered: several servers
 * close right after their last line. Throws RangeError when one event exceeds 4 million characters.
 */
export async function* readSse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  /** Pieces of a line that goes on, behind `rest`: joined once it ends, or a line that comes in crumbs would be copied for each. */
  let pieces: string[] = [];
  let waiting = 0;
  let event = 'message';
  let data: string[] = [];
  let size = 0;

  const take = (): SseEvent | undefined => {
    const whole = data.length > 0 ? { event, data: data.join('\n') } : undefined;
    event = 'message';
    data = [];
    size = 0;
    return whole;
  };
  const line = (text: string): SseEvent | undefined => {
    if (text === '') return take();
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    if (field === 'data') {
      data.push(value);
      size += value.length;
      if (size > LIMIT_CHARS) throw new RangeError('an event of the stream is too long');
    }
    return undefined;
  };

  for await (const chunk of chunks) {
    const piece = decoder.decode(chunk, { stream: true });
    pieces.push(piece);
    waiting += piece.length;
    if (waiting > LIMIT_CHARS && endOfLine(piece, 0) < 0) throw new RangeError('a line of the stream is too long');
    // What waits may end in a CR, which ends a line whatever comes.
    if (endOfLine(piece, 0) < 0 && !rest.endsWith('\r')) continue;
    rest += pieces.join('');
    pieces = [];
    let from = 0;
    for (;;) {
      const end = endOfLine(rest, from);
      // A CR at the very end may be the first half of a CRLF.
      if (end < 0 || (rest[end] === '\r' && end + 1 === rest.length)) break;
      const whole = line(rest.slice(from, end));
      from = end + (rest[end] === '\r' && rest[end + 1] === '\n' ? 2 : 1);
      if (whole) yield whole;
    }
    rest = rest.slice(from);
    waiting = rest.length;
    if (waiting > LIMIT_CHARS) throw new RangeError('a line of the stream is too long');
  }
  rest += pieces.join('') + decoder.decode();
  const early = line(rest.replace(/\r$/, ''));
  if (early) yield early;
  const last = take();
  if (last) yield last;
}

/** Sought for both at once: with a search for each, a text full of the one would be read to its end at every line for the other. */
const EITHER = /[\r\n]/g;

function endOfLine(text: string, from: number): number {
  EITHER.lastIndex = from;
  return EITHER.exec(text)?.index ?? -1;
}
