// The one logger shape the rest of the house knows; cli/serve.ts decides what writes it.
import pino from 'pino';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/**
 * Structured lines on standard error: one JSON object each, or one sentence with its fields where a person is watching.
 * Levels: debug, info, warn, error, silent.
 */
export function createLog(level: string): Log {
  const destination = process.stderr.isTTY
    ? { write: (line: string) => void process.stderr.write(sentence(line)) }
    : pino.destination({ fd: 2, sync: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

function sentence(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const stack = err === undefined ? '' : `\n${(err as { stack?: string }).stack ?? JSON.stringify(err)}`;
  return `  ${String(time).slice(11, 19)} ${Number(level) >= 40 ? 'WARNING ' : ''}${String(msg)} ${details.join(' ')}${stack}\n`;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
