// What the operator's telephony file may hold, by its own names: calls and where they go, carriers and trunks, webhooks, and where this server may call.
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { readSessionPatch } from '../protocol/client-events.ts';
import { sessionConfigToGa } from '../protocol/dialects/inworld.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { unreadFields } from '../protocol/unread.ts';
import type { DigitCollecting } from './digit-collector.ts';
import { isDomain, isPrefix } from './outbound-policy.ts';
import { phoneToolNames } from './phone-tools.ts';
import { isSubscribed, webhookTypes } from './webhook-events.ts';
import { webhookKey } from './webhook-signature.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Carriers that are configured in the file. */
export const configuredCarriers = ['twilio', 'signalwire', 'telnyx', 'plivo', 'vonage'] as const;
const carrier = z.enum([...configuredCarriers, 'sip', 'asterisk', 'stream']);

const text = z.string().min(1, { error: 'must not be empty' }).max(10_000);
const name = z.string().regex(/^[\w.-]{1,64}$/, { error: 'must be a name of letters, digits, dots, _ and -' });
const webUrl = (what: string) => z.url({ protocol: /^https?$/, error: `must be ${what} that begins with https:// or http://` });

const numberPattern = z.string().regex(/^(?:\*|\+?\d[\d*]*|\+\*|sips?:\S+)$/, {
  error: 'must be a number like +15552345678, a SIP address like sip:*@example.com, or *',
});

/** When a call is answered. */
const answer = z
  .union([z.literal('at-once'), z.literal('webhook'), z.strictObject({ after_ms: z.number().int().min(0).max(60_000) })], {
    error: 'must be "at-once", "webhook" or {"after_ms": 2000}',
  })
  .transform((value) => {
    if (typeof value === 'string') return { when: value } as const;
    return { when: 'after', ms: value.after_ms } as const;
  });

/** Dotted names of the session's fields. */
const sessionPath = z
  .string()
  .regex(/^[a-z]+(?:_[a-z]+)*(?:\.[a-z]+(?:_[a-z]+)*)*$/, { error: 'must be the name of a session’s field, like audio.output.voice' });

const session = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const refuse = (path: string, message: string) => {
    const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
    context.addIssue({ code: 'custom', path: steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step)), message });
  };
  try {
    const patch = readSessionPatch(value);
    if (patch.type === 'transcription') refuse('type', 'must be realtime: a call is answered');
    for (const field of unreadFields({ session: sessionConfigToGa(value) }, { session: patch }))
      refuse(field.replace(/^session\./, ''), 'is no field of a session');
  } catch (error) {
    if (!(error instanceof RealtimeError)) throw error;
    refuse((error.param ?? '').replace(/^session\.?/, ''), `cannot be used. ${error.message.replace(/\.$/, '')}`);
  }
});

const collectDigits = z
  .strictObject({
    end_key: z
      .string()
      .regex(/^[0-9*#A-D]$/, { error: 'must be one key of a telephone' })
      .nullable()
      .optional(),
    most: z.number().int().min(1).max(64).optional(),
    pause_ms: z.number().int().min(500).max(60_000).optional(),
  })
  .transform(({ end_key: endKey, most, pause_ms: pauseMs }): DigitCollecting => ({ endKey, most, pauseMs }));

const route = z.strictObject({
  name,
  /** None where it is for calls that are placed only. */
  numbers: z.array(numberPattern),
  carriers: z.array(carrier).min(1).optional(),
  trunks: z.array(name).min(1).optional(),
  key: text.optional(),
  session: session.default({}),
  overridable: z.array(sessionPath).default([]),
  answer: answer.default({ when: 'at-once' }),
  /** What the agent says first; without it, and as `listen`, it waits for the caller. */
  greeting: text.transform((value) => (value === 'listen' ? undefined : value)).optional(),
  tools: z.array(z.enum(phoneToolNames)).default([]),
  transfer_to: z.record(z.string().min(1).max(64), text).default({}),
  /** Whether callers may have this server call somebody else in their place (REFER), where `outbound` allows it. */
  follow_transfers: z.boolean().default(false),
  recording: z.strictObject({ announce: text.optional() }).optional(),
  collect_digits: collectDigits.optional(),
});

function isNetwork(value: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128);
}

const host = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$|^\[?[0-9a-f:.]+\]?$/i, { error: 'must be a host or an address' });
const sipServer = z
  .string()
  .regex(/^(?:sips?:)?(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:;[a-z-]+(?:=[\w.-]+)?)*$/i, {
    error: 'must be a host, or a URI like sip:host:5070 or sip:host;transport=tcp',
  });
const listening = z.string().regex(/^(?:udp|tcp|tls):(?:[\d.]+|\[[0-9a-f:.]+\]):\d{1,5}$/i, {
  error: 'must be like udp:0.0.0.0:5060, tcp:[::]:5060 or tls:0.0.0.0:5061',
});

/** Who finds out if a machine answers. The provider is asked beside us, and takes a fee for it. */
const machineBy = z.enum(['parley', 'provider']).default('parley');

const meansEvents = (pattern: string) => webhookTypes.some((type) => isSubscribed(pattern, type));

/** @param environment Where secrets that are written `env:NAME` are. */
export function routesSchema(environment: Environment) {
  const secret = z
    .string()
    .min(1, { error: 'must not be empty' })
    .transform((value, context) => {
      const variable = /^env:(.*)$/s.exec(value)?.[1];
      if (variable === undefined) return value;
      const found = environment[variable];
      if (found !== undefined && found !== '') return found;
      context.addIssue({ code: 'custom', message: `names the environment variable ${variable}, which is not set` });
      return z.NEVER;
    });
  const webhookSecret = secret.superRefine((value, context) => {
    try {
      webhookKey(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `cannot be used: ${(error as Error).message}` });
    }
  });
  // A region of the provider's API, where it is not the usual one.
  const api_url = webUrl('an address').optional();
  const trunk = z.strictObject({
    name,
    addresses: z.array(z.string().refine(isNetwork, { error: 'must be an address or a network like 203.0.113.0/24' })).default([]),
    username: text.optional(),
    password: secret.optional(),
    /** What the password may be hashed with. */
    hashes: z
      .array(z.enum(['sha-256', 'md5']))
      .min(1)
      .optional(),
    /** Names of which the caller's certificate bears one. */
    tls_names: z.array(host.transform((name) => name.toLowerCase())).default([]),
    register: z.strictObject({ server: sipServer, username: text, password: secret }).optional(),
    proxy: sipServer.optional(),
    account: z.strictObject({ username: text, password: secret }).optional(),
    trust_identity: z.boolean().default(false),
    dialled: z.enum(['request', 'to']).default('request'),
  });
  return z.strictObject({
    public_url: webUrl('an address')
      .refine((value) => !/[?#]/.test(value), { error: 'must have neither a query nor a fragment' })
      .transform((value) => value.replace(/\/+$/, ''))
      .optional(),
    routes: z.array(route).default([]),
    webhooks: z
      .array(
        z.strictObject({
          url: webUrl('an address'),
          secret: webhookSecret,
          events: z
            .array(z.string().refine(meansEvents, { error: `must mean events: realtime.call.*, or ${webhookTypes.join(', ')}` }))
            .min(1)
            .default(['*']),
        }),
      )
      .max(16)
      .default([]),
    carriers: z
      .strictObject({
        twilio: z.strictObject({ account_sid: text, auth_token: secret, api_url }).optional(),
        signalwire: z.strictObject({ account_sid: text, auth_token: secret, signing_key: secret, space: host, api_url }).optional(),
        telnyx: z.strictObject({ api_key: secret, public_key: secret, connection_id: text.optional(), api_url }).optional(),
        plivo: z.strictObject({ auth_id: text, auth_token: secret, api_url }).optional(),
        vonage: z.strictObject({ application_id: text, private_key: secret, signature_secret: secret, api_url }).optional(),
      })
      .default({}),
    sip: z
      .strictObject({
        listen: z.array(listening).min(1, { error: 'must name a place to listen at' }),
        public_address: z
          .string()
          .refine((value) => isIP(value) !== 0, { error: 'must be an IP address' })
          .optional(),
        domains: z.array(host).default([]),
        /** What becomes of calls that come by no trunk. */
        strangers: z.enum(['refuse', 'silence']).default('silence'),
        srtp: z.enum(['off', 'when-offered', 'required']).default('when-offered'),
        /** The file with the certificates of those who sign certificates of callers and servers. */
        tls_ca: text.optional(),
        trunks: z.array(trunk).default([]),
      })
      .optional(),
    outbound: z
      .strictObject({
        prefixes: z.array(z.string().refine(isPrefix, { error: 'must be a prefix of numbers like +1 or +4930' })).default([]),
        domains: z.array(z.string().refine(isDomain, { error: 'must be a domain like pbx.example.com or *.example.com' })).default([]),
        calls_at_once: z.number().int().min(1).default(4),
        calls_per_minute: z.number().int().min(1).max(10_000).default(10),
        calls_per_day: z.number().int().min(1).default(500),
        seconds_per_day: z.number().int().min(1).default(36_000),
        from: z
          .string()
          .regex(/^\+\d{8,15}$|^sips?:\S+@\S+$/, { error: 'must be a number like +15552345678, or a SIP address' })
          .optional(),
        by: z.string().optional(),
        /** What is said before a call ends because the seconds of the day are used up. */
        last_words: text.optional(),
      })
      .prefault({}),
    machine: z
      .discriminatedUnion(
        'policy',
        [
          z.strictObject({ policy: z.literal('hang-up'), by: machineBy }),
          z.strictObject({ policy: z.literal('continue'), by: machineBy }),
          z.strictObject({ policy: z.literal('leave-message'), by: machineBy, message: text }),
        ],
        {
          error: "must be one of 'hang-up', 'leave-message', 'continue'",
        },
      )
      .default({ policy: 'continue', by: 'parley' }),
  });
}

export type RoutesFile = z.infer<ReturnType<typeof routesSchema>>;
export type Route = RoutesFile['routes'][number];
export type Trunk = NonNullable<RoutesFile['sip']>['trunks'][number];

/** The trunk's own addresses, to be asked whether a packet comes from it. */
export function addressesOf({ addresses }: Pick<Trunk, 'addresses'>): BlockList {
  const list = new BlockList();
  for (const entry of addresses) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
