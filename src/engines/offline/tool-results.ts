// What functions returned, as something to say. JSON becomes a sentence; plain words are said as they are; failures are not hidden.
import type { ToolResult } from './conversation.ts';
import { capitalise, humanise, listing } from './words.ts';

/** Nobody listens longer than this to a machine reading data. */
const LONGEST = 900;
const MOST_FIELDS = 10;

export function speakResults(results: readonly ToolResult[]): string {
  const sentences = results.map((result) => speakResult(result, results.length > 1));
  const text = [...new Set(sentences)].join(' ');
  return text.length > LONGEST ? `${text.slice(0, text.lastIndexOf(' ', LONGEST))} and so on.` : text;
}

function speakResult(result: ToolResult, oneOfSeveral: boolean): string {
  const value = parse(result.output);
  const subject = Object.values(result.arguments)
    .filter((argument) => typeof argument === 'string' && argument !== '')
    .join(', ');
  const failure = failureIn(value);
  if (failure !== undefined) {
    const what = result.name ? `${capitalise(humanise(result.name))} did not work` : 'That did not work';
    return sentence(`${what}${subject && oneOfSeveral ? ` for ${subject}` : ''}${failure ? `: ${failure}` : ''}`);
  }
  const { place, text } = told(value);
  if (text === '') return 'Done.';
  if (place) return sentence(`In ${place}, ${text}`);
  const named =
    !oneOfSeveral || subject === '' || text.toLowerCase().includes((Object.values(result.arguments).map(String)[0] ?? '').toLowerCase());
  return sentence(named ? text : `For ${subject}: ${text}`);
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return output;
  }
}

/** A single value as text; empty for what has parts. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** The reason of a failure, empty when it has none; undefined when it is no failure. */
function failureIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value.match(/^(?:error|exception|failed)\b[:\s-]*(.*)$/i)?.[1];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = value as Record<string, unknown>;
  const failed = fields['success'] === false || fields['ok'] === false || /^(?:error|failed|failure)$/i.test(textOf(fields['status']));
  const error = fields['error'] ?? fields['errors'];
  if (!failed && (error === undefined || error === null || error === false || error === '')) return undefined;
  const reason = error ?? fields['message'] ?? fields['reason'] ?? fields['detail'];
  if (typeof reason === 'string') return reason;
  return reason && typeof reason === 'object' ? failureIn({ error: (reason as { message?: unknown }).message ?? '' }) : '';
}

interface Told {
  /** Where it is, when the result says so beside other things. */
  readonly place?: string;
  readonly text: string;
}

const sayAsIs =
  /^(?:result|answer|text|message|summary|description|content|output|response|speech|say|prediction|horoscope|joke|fact|quote|translation)$/;

function told(value: unknown): Told {
  if (value === null || value === undefined || value === true || value === '') return { text: '' };
  if (typeof value === 'string') return { text: value.trim() };
  if (Array.isArray(value)) return { text: listed(value) };
  if (typeof value !== 'object') return { text: `the answer is ${textOf(value)}` };
  const fields = withoutNoise(value as Record<string, unknown>);
  const whole = Object.entries(fields).find(
    ([key, text]) => sayAsIs.test(humanise(key)) && typeof text === 'string' && text.split(' ').length > 3,
  );
  // A sentence made for people says the rest as well.
  if (whole) return { text: String(whole[1]) };
  const keys = Object.keys(fields);
  const placeKey =
    keys.length > 1 ? keys.find((key) => /^(?:location|city|place|town)$/i.test(key) && typeof fields[key] === 'string') : undefined;
  const parts = keys
    .filter((key) => key !== placeKey)
    .slice(0, MOST_FIELDS)
    .map((key) => field(key, fields[key], value as Record<string, unknown>));
  const text = listing(parts.filter(Boolean));
  return placeKey ? { place: String(fields[placeKey]), text } : { text };
}

/** Leaves out what only programs want: ids, success flags, units (told with their number), nothing at all. */
function withoutNoise(fields: Record<string, unknown>): Record<string, unknown> {
  const left = Object.entries(fields).filter(
    ([key, value]) =>
      value !== null &&
      value !== undefined &&
      value !== '' &&
      !/^(?:success|ok|error|errors)$/i.test(key) &&
      !(/^status$/i.test(key) && /^(?:ok|success|done|200)$/i.test(textOf(value))) &&
      !/(?:^|_)(?:id|uuid|timestamp)$|Id$/.test(key) &&
      !(/^units?$/i.test(key) && Object.values(fields).some((other) => typeof other === 'number')),
  );
  return Object.fromEntries(left);
}

function field(key: string, value: unknown, siblings: Record<string, unknown>): string {
  const { label, unit } = labelled(key);
  if (typeof value === 'number') {
    const said = `${value < 0 ? `minus ${-value}` : value}`;
    const given = siblings['unit'] ?? siblings['units'];
    const words = unit ?? (typeof given === 'string' ? unitInWords(given) : undefined);
    return `the ${label} is ${said}${words ? ` ${words}` : ''}`;
  }
  if (typeof value === 'boolean') {
    if (/^(?:on|off|open|closed|locked|enabled|active|available|confirmed)$/.test(label))
      return `it is ${value ? '' : 'not '}${label}`.replace('it is not on', 'it is off');
    return `the ${label} is ${value ? 'yes' : 'no'}`;
  }
  if (Array.isArray(value))
    return value.length === 0 ? `there are no ${label}` : `the ${label} ${value.length === 1 ? 'is' : 'are'} ${listed(value)}`;
  if (typeof value === 'object' && value !== null) {
    const inner = told(value);
    return inner.text && `for the ${label}, ${inner.place ? `in ${inner.place}, ` : ''}${inner.text}`;
  }
  const text = unitValue(String(value));
  return sayAsIs.test(label) ? text : `the ${label} ${/[^s]s$/.test(label) ? 'are' : 'is'} ${text}`;
}

function listed(values: readonly unknown[]): string {
  if (values.length === 0) return 'there is nothing';
  const shown = values.slice(0, 5).map((value) => {
    if (typeof value !== 'object' || value === null) return String(value);
    const fields = value as Record<string, unknown>;
    const name = fields['name'] ?? fields['title'] ?? fields['label'];
    return typeof name === 'string' ? name : told(value).text;
  });
  return values.length > shown.length ? `${shown.join(', ')} and ${values.length - shown.length} more` : listing(shown);
}

const unitWords: Record<string, string> = {
  c: 'degrees Celsius',
  celsius: 'degrees Celsius',
  f: 'degrees Fahrenheit',
  fahrenheit: 'degrees Fahrenheit',
  k: 'kelvin',
  kph: 'kilometres per hour',
  kmh: 'kilometres per hour',
  'km/h': 'kilometres per hour',
  mph: 'miles per hour',
  ms: 'metres per second',
  percent: 'percent',
  pct: 'percent',
  '%': 'percent',
  mm: 'millimetres',
  cm: 'centimetres',
  km: 'kilometres',
  kg: 'kilograms',
  usd: 'dollars',
  eur: 'euros',
  gbp: 'pounds',
  seconds: 'seconds',
  minutes: 'minutes',
  hours: 'hours',
  min: 'minutes',
  hpa: 'hectopascals',
};

/** A tool may name anything as a unit, even what every object has something for. */
function wordsOfUnit(unit: string): string | undefined {
  return Object.hasOwn(unitWords, unit) ? unitWords[unit] : undefined;
}

function unitInWords(unit: string): string {
  return wordsOfUnit(unit.toLowerCase().replace(/^°/, '')) ?? unit;
}

/** `temperature_c` → temperature, degrees Celsius. */
function labelled(key: string): { label: string; unit: string | undefined } {
  const words = humanise(key).split(' ');
  const last = words.at(-1) as string;
  const unit = words.length > 1 && last.length > 0 ? wordsOfUnit(last) : undefined;
  if (unit)
    return {
      label: words
        .slice(0, -1)
        .join(' ')
        .replace(/^temp$/, 'temperature'),
      unit,
    };
  return { label: words.join(' ').replace(/^temp$/, 'temperature'), unit: undefined };
}

/** `21°C` and `60%` as a voice should read them. */
function unitValue(text: string): string {
  return text
    .replace(/(\d)\s?°\s?([CF])\b/g, (_, digit: string, scale: string) => `${digit} ${unitInWords(scale)}`)
    .replace(/(\d)\s?%/g, '$1 percent');
}

function sentence(text: string): string {
  const trimmed = capitalise(text.trim());
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
