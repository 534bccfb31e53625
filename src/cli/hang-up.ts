// SIGHUP, minded from the first moment of the process on: a supervisor may send it while the server still starts, and where nobody minds it, it
// ends the process. It asks for the settings to be read again, unless it says that the window was closed in which the server was started.
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { exitCodes } from './exit-codes.ts';

interface Answers {
  reload(): void;
  leave(): void;
}

/** What was changed before then may have been read already, or not. */
let askedDuringStart = false;
let answers: Answers = {
  reload() {
    askedDuringStart = true;
  },
  leave: () => process.exit(exitCodes.left),
};

/** Asked at the start: what was a terminal is none once it is gone. */
const hadTerminal = isatty(0);

function terminalIsGone(): boolean {
  if (!hadTerminal) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}

process.on('SIGHUP', () => (terminalIsGone() ? answers.leave() : answers.reload()));

/** To be called once the server has started: these answer from now on, also to what has come before. */
export function answerHangUps(running: Answers): void {
  answers = running;
  if (askedDuringStart) answers.reload();
}
