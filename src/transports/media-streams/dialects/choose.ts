// The table of dialects: a new carrier is a file and its line here.
import type { StreamCarrier, StreamDialect } from '../dialect.ts';
import { asteriskDialect } from './asterisk.ts';
import { plainDialect } from './plain.ts';
import { plivoDialect } from './plivo.ts';
import { telnyxDialect } from './telnyx.ts';
import { twilioDialect } from './twilio.ts';
import { vonageDialect } from './vonage.ts';

const dialects: Record<StreamCarrier, (query: URLSearchParams) => StreamDialect> = {
  twilio: () => twilioDialect('twilio'),
  signalwire: () => twilioDialect('signalwire'),
  telnyx: telnyxDialect,
  plivo: () => plivoDialect(),
  vonage: () => vonageDialect(),
  asterisk: asteriskDialect,
  stream: plainDialect,
};

/** The dialect of one connection. `query` is that of its URL. */
export function dialectOf(carrier: StreamCarrier, query: URLSearchParams): StreamDialect {
  return dialects[carrier](query);
}
