// Reads the operator's telephony file. Whatever is wrong in it is said in sentences that name the place, all of them at once, and never with a secret.
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { SetupError } from '../lib/own-file.ts';
import { isRecord } from '../protocol/json.ts';
import { OutboundPolicy, type OutboundRules } from './outbound-policy.ts';
import { configuredCarriers, type Environment, type RoutesFile, routesSchema } from './routes-schema.ts';
import { isSubscribed } from './webhook-events.ts';

/** The file cannot be used; `mistakes` are the sentences, without the name of the file. */
export class RoutesFileError extends SetupError {
  readonly mistakes: readonly string[];

  constructor(path: string, mistakes: readonly string[], cause?: unknown) {
    super(`The telephony file ${path} cannot be used: ${mistakes.join(' ')}`, cause === undefined ? {} : { cause });
    this.mistakes = mistakes;
  }
}

export interface RoutesFileOptions {
  /** Where secrets that are written `env:NAME` are. */
  readonly environment: Environment;
}

/** Mistakes that are said at a time. */
const mostMistakes = 10;

/** @throws RoutesFileError */
export function readRoutesFile(path: string, options: RoutesFileOptions): RoutesFile {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What JSON.parse quotes may be a secret.
    const code = (error as NodeJS.ErrnoException).code;
    throw new RoutesFileError(path, [code === undefined ? `It is no JSON${placeOf(error)}.` : `It cannot be read (${code}).`]);
  }
  return routesOf(content, path, options);
}

/**
 * The same of what was read already.
 * @throws RoutesFileError
 */
export function routesOf(content: unknown, path: string, { environment }: RoutesFileOptions): RoutesFile {
  if (!isRecord(content)) throw new RoutesFileError(path, ['It must hold one JSON object.']);
  const read = routesSchema(environment).safeParse(content, { reportInput: true });
  const mistakes = read.success ? inconsistencies(read.data) : read.error.issues.flatMap(sentencesOf);
  if (mistakes.length > mostMistakes) mistakes.splice(mostMistakes, Infinity, `And ${mistakes.length - mostMistakes} more.`);
  if (!read.success || mistakes.length > 0) throw new RoutesFileError(path, mistakes);
  return read.data;
}

/** Mistakes in what the routes say of keys. Never with what stands there: it may be a key itself. @param keys the ids of those that hold. */
export function keyMistakes({ routes }: RoutesFile, keys: ReadonlySet<string>): string[] {
  const known = [...keys].slice(0, mostMistakes).join(', ');
  return routes.flatMap(({ key }, index) =>
    key === undefined || keys.has(key) ? [] : [`routes[${index}].key is the id of no key that holds. Those of this server are: ${known}.`],
  );
}

/** For OutboundPolicy. */
export function outboundRules({ outbound }: RoutesFile): OutboundRules {
  return {
    prefixes: outbound.prefixes,
    domains: outbound.domains,
    limits: {
      callsAtOnce: outbound.calls_at_once,
      callsPerMinute: outbound.calls_per_minute,
      callsPerDay: outbound.calls_per_day,
      secondsPerDay: outbound.seconds_per_day,
    },
  };
}

/** What each part may be by itself, and the parts together may not. */
function inconsistencies(file: RoutesFile): string[] {
  const found: string[] = [];
  const trunks = file.sip?.trunks ?? [];
  const trunkNames = new Set(trunks.map(({ name }) => name));
  const configured = (carrier: string) => !isConfigured(carrier) || file.carriers[carrier] !== undefined;
  const policy = new OutboundPolicy(outboundRules(file));
  found.push(...twice(file.routes, 'routes'), ...twice(trunks, 'sip.trunks'));
  for (const [index, route] of file.routes.entries()) {
    const at = `routes[${index}]`;
    for (const [place, carrier] of (route.carriers ?? []).entries()) {
      if (!configured(carrier)) found.push(`${at}.carriers[${place}] is '${carrier}', which is not configured under carriers.`);
      if (carrier === 'sip' && !file.sip) found.push(`${at}.carriers[${place}] is 'sip', and there is no sip in the file.`);
    }
    for (const [place, trunk] of (route.trunks ?? []).entries())
      if (!trunkNames.has(trunk)) found.push(`${at}.trunks[${place}] is '${trunk}', and sip.trunks has none of that name.`);
    if (
      route.answer.when === 'webhook' &&
      !file.webhooks.some(({ events }) => events.some((each) => isSubscribed(each, 'realtime.call.incoming')))
    )
      found.push(`${at}.answer is 'webhook', and none of the webhooks is told of realtime.call.incoming.`);
    const targets = Object.entries(route.transfer_to);
    if (route.tools.includes('transfer') && targets.length === 0)
      found.push(`${at}.tools has 'transfer', and ${at}.transfer_to names nobody to hand over to.`);
    for (const [name, target] of targets) {
      const verdict = policy.judge(target);
      if (!verdict.allowed) found.push(`${at}.transfer_to.${name} could never be called: ${verdict.reason} (outbound says where.)`);
    }
  }
  for (const [index, trunk] of trunks.entries()) {
    const names = trunk.tls_names.length > 0;
    if (trunk.addresses.length === 0 && trunk.password === undefined && !trunk.register && !names)
      found.push(`sip.trunks[${index}] needs addresses, a password, tls_names or a registration: nobody could be known to come by it.`);
    if (names && !(file.sip?.tls_ca !== undefined && file.sip.listen.some((at) => /^tls:/i.test(at))))
      found.push(
        `sip.trunks[${index}].tls_names needs sip.tls_ca, which says whose certificates are believed, and a place in sip.listen with tls.`,
      );
    if (trunk.hashes && trunk.password === undefined) found.push(`sip.trunks[${index}].hashes is about a password, and there is none.`);
    if ((trunk.username === undefined) !== (trunk.password === undefined))
      found.push(`sip.trunks[${index}] needs a username and a password, or neither.`);
    if (trunk.account && trunk.proxy === undefined && !trunk.register)
      found.push(`sip.trunks[${index}].account needs a proxy, which it is shown to when calls are placed.`);
  }
  const { by } = file.outbound;
  if (by !== undefined && !isWay(by, file, trunkNames))
    found.push(`outbound.by must be a carrier that is configured, or sip:<trunk> with the name of a trunk, not '${by}'.`);
  const [, byTrunk] = /^sip:(.*)$/.exec(by ?? '') ?? [];
  const dialled = trunks.findIndex(({ name }) => name === byTrunk);
  const dialledTrunk = trunks[dialled];
  if (dialledTrunk && dialledTrunk.proxy === undefined && !dialledTrunk.register)
    found.push(`sip.trunks[${dialled}] needs a proxy or a registration: outbound.by places calls by it, and it leads nowhere.`);
  if (by === 'telnyx' && file.carriers.telnyx && file.carriers.telnyx.connection_id === undefined)
    found.push('carriers.telnyx.connection_id is missing: outbound.by places calls with it.');
  if (file.machine.by === 'provider' && by !== undefined && !isConfigured(by))
    found.push("machine.by is 'provider', and outbound.by places calls by SIP, where nobody else finds out if a machine answers.");
  if (file.public_url === undefined && Object.values(file.carriers).some((carrier) => carrier !== undefined))
    found.push('public_url is missing: the carriers have to be told where this server is.');
  return found;
}

function isConfigured(carrier: string): carrier is (typeof configuredCarriers)[number] {
  return configuredCarriers.some((each) => each === carrier);
}

function isWay(by: string, file: RoutesFile, trunks: ReadonlySet<string>): boolean {
  const [, trunk] = /^sip:(.*)$/.exec(by) ?? [];
  if (trunk !== undefined) return trunks.has(trunk);
  return isConfigured(by) && file.carriers[by] !== undefined;
}

function twice(named: readonly { readonly name: string }[], at: string): string[] {
  return named.flatMap(({ name }, index) =>
    named.findIndex((other) => other.name === name) < index ? [`${at}[${index}].name is '${name}', as that of another before it.`] : [],
  );
}

function sentencesOf(issue: z.core.$ZodIssue): string[] {
  const at = pathOf(issue.path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${pathOf([...issue.path, key])} is no setting of this file.`);
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return [`${at} is missing.`];
  if (issue.code === 'invalid_type') return [`${at} must be ${kinds[issue.expected] ?? issue.expected}.`];
  if (issue.code === 'invalid_value') return [`${at} must be one of ${issue.values.map((value) => `'${String(value)}'`).join(', ')}.`];
  if (issue.code === 'too_small' && issue.origin !== 'string' && issue.origin !== 'array')
    return [`${at} must be ${String(issue.minimum)} or more.`];
  if (issue.code === 'too_big')
    return [`${at} must be no more than ${String(issue.maximum)}${issue.origin === 'string' ? ' characters' : ''}.`];
  return [`${at} ${issue.message}.`];
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** `routes[0].numbers[1]` */
function pathOf(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step}]`;
    return before === '' ? String(step) : `${before}.${String(step)}`;
  }, '');
  return text === '' ? 'It' : text;
}

/** Where JSON breaks, as far as the error says so without quoting the text. */
function placeOf(error: unknown): string {
  const [, position] = /at position (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
  return position === undefined ? '' : ` from its character ${position} on`;
}
