// Signatures of webhooks as Standard Webhooks has them, which is what OpenAI's clients check: HMAC-SHA256 over `id.timestamp.body`, with a secret
// that is written `whsec_` and base64.
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';
/** What the specification allows for a secret ("Symmetric signatures"). */
const fewestBytes = 24;
const mostBytes = 64;

/** @throws Error saying what is wrong with the secret, without quoting it. */
export function webhookKey(secret: string): Uint8Array {
  const coded = secret.startsWith(prefix) ? secret.slice(prefix.length) : undefined;
  if (coded === undefined) throw new Error(`a webhook secret begins with ${prefix}`);
  const key = Buffer.from(coded, 'base64');
  // Node decodes whatever it is given and leaves out what is no base64.
  const again = key.toString('base64');
  if (again !== coded && again.replace(/=+$/, '') !== coded) throw new Error(`a webhook secret is ${prefix} and base64`);
  if (key.length < fewestBytes || key.length > mostBytes)
    throw new Error(`a webhook secret has ${fewestBytes} to ${mostBytes} bytes, and this one has ${key.length}`);
  return key;
}

export interface WebhookMessage {
  /** The same for every try of one event: receivers know a repetition by it. */
  readonly id: string;
  /** Of this try. Receivers refuse what is more than five minutes away from their own clock. */
  readonly timestampSeconds: number;
  readonly body: string;
}

/** The headers that a receiver checks. */
export function webhookHeaders(key: Uint8Array, { id, timestampSeconds, body }: WebhookMessage): Record<string, string> {
  const signature = createHmac('sha256', key).update(`${id}.${timestampSeconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds), 'webhook-signature': `v1,${signature}` };
}
