// The end of a socket that is told something and then let go of: nothing the far side does, or leaves undone, keeps it open.
import type { Duplex } from 'node:stream';
import type { Clock } from './clock.ts';

/** How long the far side has to read and to end its own half. */
const patienceMs = 1000;

/** Writes the text, ends the socket, and destroys it: as soon as the far side has ended as well, or after a second. */
export function endWith(socket: Duplex, text: string, clock: Clock): void {
  const timer = clock.after(patienceMs, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  // Destroyed at once, with unread bytes before it, it would be reset, and the text lost with it.
  socket.once('end', () => socket.destroy());
  socket.resume();
  socket.end(text);
}
