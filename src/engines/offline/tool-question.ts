// Asks for what a function still needs, recognises its own question later, and reads the answer. The conversation is the only memory.
import type { Utterance } from './conversation.ts';
import { findNumbers } from './numbers.ts';
import { takeDay, takeTime } from './phrases.ts';
import { choices, type Value } from './tool-arguments.ts';
import type { Parameter } from './tool-schema.ts';
import { humanise, listing, titleCase } from './words.ts';

/** More choices than this are not read out. */
const SPOKEN_CHOICES = 6;

export function askFor(parameter: Parameter): string {
  if (parameter.kind === 'number' && /(?:s|people)$/.test(parameter.label)) return `How many ${parameter.label} should I use?`;
  const few = parameter.closed && parameter.values.length <= SPOKEN_CHOICES;
  return `Which ${parameter.label} should I use${few ? `: ${listing(parameter.values.map(humanise), 'or')}` : ''}?`;
}

/** The label of the parameter that this sentence asks for, if it is such a question. */
export function askedFor(text: string): string | undefined {
  return text.trim().match(/(?:^|[.!?] )(?:Which|How many) ([^.?!]+?) should I use\b/)?.[1];
}

const leadIn =
  /^(?:(?:um|uh|well|oh|okay|yes|so|please|use|take|make it|it is|it's|that is|that's|that would be|i am|i'm|my name is|the name is|my|is|i (?:want|would like|need|mean|said)|i'd like|let's say|let us say|try|go for|in|at|for|on|to|with|under|from|the|a|an) )+/i;

/** The value that an answer gives, or undefined when it is something else: a new question, a wish to stop. */
export function answerTo(parameter: Parameter, { said, core }: Utterance): Value | undefined {
  if (
    said === '' ||
    /^(?:never ?mind|cancel|stop|forget it|nothing|no(?: thanks| thank you)?|i do not know|what|who|how|why|when|where|tell me|which)\b/.test(
      core,
    )
  )
    return undefined;
  const rest = said.replace(leadIn, '').replace(/ (?:please|thanks|thank you)$/i, '');
  switch (parameter.kind) {
    case 'choice': {
      const chosen = choices(parameter, said)?.values[0];
      return chosen ?? (parameter.closed ? undefined : titleCase(rest));
    }
    case 'number': {
      const value = findNumbers(
        said
          .toLowerCase()
          .replace(/\bto\b$/, 'two')
          .replace(/\bfor\b$/, 'four')
          .split(' '),
      )[0]?.value;
      return value !== undefined && parameter.integer ? Math.round(value) : value;
    }
    case 'boolean':
      return /^(?:no|nope|off|not|false|disable)\b/.test(core)
        ? false
        : /^(?:yes|yeah|sure|on|true|please|enable|okay|of course)/.test(core)
          ? true
          : undefined;
    case 'time':
      return takeTime(`at ${rest}`)?.value ?? rest;
    case 'date':
      return takeDay(said)?.value ?? rest;
    case 'place':
    case 'name':
      return titleCase(rest);
    case 'moment':
    case 'text':
    case 'string':
    case 'other':
      break;
  }
  return rest;
}
