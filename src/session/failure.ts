// A failure as events tell of it.
import type { ErrorType } from '../protocol/errors.ts';
import type { Failure } from './facts.ts';

export function failureBody({ type = 'server_error', code, message }: Failure): { type: ErrorType; code: string; message: string } {
  return { type, code, message };
}
