// A conversation with the offline assistant's rules, for tests: strings are the user, {said} is the assistant.
import { ManualClock } from '../../src/lib/clock.ts';
import { type Answer, answer } from '../../src/engines/offline/answer.ts';
import type { Prompt, PromptTool, PromptTurn } from '../../src/protocol/prompt.ts';

export type Line = string | { said: string } | { called: string; with: object; got?: string } | { note: string };

/** 14 November 2023, 22:13:20 UTC. */
const EPOCH_MS = 1_700_000_000_000;

export function answerTo(lines: readonly Line[], more: Partial<Prompt> = {}): Answer {
  const turns = lines.flatMap((line, index): PromptTurn[] => {
    if (typeof line === 'string') return [{ role: 'user', parts: [{ type: 'text', text: line }] }];
    if ('said' in line) return [{ role: 'assistant', text: line.said, interrupted: false }];
    if ('note' in line) return [{ role: 'system', parts: [{ type: 'text', text: line.note }] }];
    const callId = `call_${index}`;
    const call: PromptTurn = { role: 'call', callId, name: line.called, arguments: JSON.stringify(line.with) };
    return line.got === undefined ? [call] : [call, { role: 'result', callId, output: line.got }];
  });
  return answer({ instructions: '', tools: [], toolChoice: 'auto', turns, ...more }, new ManualClock(EPOCH_MS));
}

/** What is said; fails when functions are called instead. */
export function saidTo(lines: readonly Line[], more: Partial<Prompt> = {}): string {
  const result = answerTo(lines, more);
  if (!('text' in result)) throw new Error(`called ${JSON.stringify(result.call)}`);
  return result.text;
}

/** The call as `name {"a":1}`, in a list; a text when something is said instead. */
export function calledFor(lines: readonly Line[], more: Partial<Prompt> = {}): string[] | string {
  const result = answerTo(lines, more);
  return 'text' in result ? result.text : [`${result.call.name} ${JSON.stringify(result.call.arguments)}`];
}

/** Exactly these words, or words like these. */
export function wording(reply: string | RegExp): RegExp {
  return typeof reply === 'string' ? new RegExp(`^${reply.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : reply;
}

function tool(name: string, description: string, properties: Record<string, object>, required: string[]): PromptTool {
  return { name, description, parameters: { type: 'object', properties, required } };
}

export const weather = tool(
  'get_weather',
  'Get the current weather for a location',
  { location: { type: 'string', description: 'City, e.g. San Francisco' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
  ['location'],
);
export const horoscope = tool(
  'get_horoscope',
  "Get today's horoscope for an astrological sign.",
  { sign: { type: 'string', description: 'An astrological sign like Taurus or Aquarius' } },
  ['sign'],
);
export const bookTable = tool(
  'book_table',
  'Book a table at the restaurant',
  { people: { type: 'integer', description: 'Number of guests' }, time: { type: 'string', description: 'Time of the reservation' } },
  ['people', 'time'],
);
export const light = tool(
  'set_light',
  'Switch a light on or off',
  { room: { type: 'string', enum: ['kitchen', 'living_room', 'bedroom'] }, on: { type: 'boolean' } },
  ['room', 'on'],
);
export const house = [weather, horoscope, bookTable, light];

export const office = [
  tool('send_message', 'Send a text message to a contact', { recipient: { type: 'string' }, message: { type: 'string' } }, [
    'recipient',
    'message',
  ]),
  tool('play_music', 'Play a song', { song: { type: 'string' } }, ['song']),
  tool('search_flights', 'Search flights', { origin: { type: 'string' }, destination: { type: 'string' }, date: { type: 'string' } }, [
    'origin',
    'destination',
  ]),
  tool('set_thermostat', 'Set the heating', { temperature: { type: 'number', minimum: 5, maximum: 30 } }, ['temperature']),
  tool('get_time', 'Get the time in a city', { city: { type: 'string' } }, []),
  tool('end_call', 'End the call', {}, []),
  tool('order_status', 'Look up an order', { order_number: { type: 'integer' } }, ['order_number']),
  tool('create_reminder', 'Create a reminder', { text: { type: 'string' }, when: { type: 'string' } }, ['text']),
  tool('transfer_to_human', 'Transfer the caller to a human agent', { reason: { type: 'string' } }, []),
];
