// A form with one file as the body of a request (multipart/form-data, RFC 7578), whole and at once: what fetch makes of a FormData takes
// milliseconds that somebody waits for.
import { randomIds } from '../../../lib/ids.ts';

export interface FormFile {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** `type`: what the request's `content-type` is. Names of fields are the caller's own, values may be any text. */
export function multipart(fields: readonly (readonly [name: string, value: string])[], file: FormFile): { type: string; body: Buffer } {
  const boundary = randomIds('parley');
  const part = (disposition: string, rest: string) => `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${rest}`;
  const values = fields.map(([name, value]) => part(`name="${name}"`, `\r\n${value}\r\n`)).join('');
  const head = part(`name="${file.field}"; filename="${file.name}"`, `content-type: ${file.type}\r\n\r\n`);
  const body = Buffer.concat([Buffer.from(values + head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { type: `multipart/form-data; boundary=${boundary}`, body };
}
