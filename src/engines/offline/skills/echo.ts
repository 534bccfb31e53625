// Says, spells and says again: the user's words are used as they are.
import { greeting } from '../directive.ts';
import type { Skill } from '../skill.ts';
import { capitalise } from '../words.ts';

const politeness = String.raw`^(?:(?:hey|okay|ok|now|please|hello|hi|parley|could you|can you|would you|will you|i want you to|i'd like you to|just)[\s,]+)*`;
const repeatPattern = new RegExp(
  String.raw`${politeness}(?:repeat(?: after me| the following| the words?| the sentence| this)?|say(?: after me| exactly| the following| the words?| the sentence| this| out loud)?)[\s,:;.]+(.+)$`,
  'is',
);

export const repeat: Skill = {
  id: 'repeat',
  quoting: true,
  offer: 'repeat what you say',
  reply: ({ raw, core, conversation }) => {
    // Applications open a conversation so; the order is followed, not read out.
    if (/^say (?:hello|hi)(?: to \w+(?: \w+)?)? and (?:ask|offer|introduce|tell)\b/.test(core)) return greeting(conversation, raw);
    if (/^(?:say|repeat) (?:that|it|this|again|something|what|anything|yes|no|your|the (?:time|date|last)|what)\b/.test(core))
      return undefined;
    const words = raw
      .match(repeatPattern)?.[1]
      ?.trim()
      .replace(/^["“'‘]+|["”'’]+$/g, '')
      .replace(/["”'’](?=[.?!]$)/, '');
    if (!words) return undefined;
    return ended(capitalise(words.replace(/[\s,]+please[.!]?$/i, '')));
  },
};

export const sayAgain: Skill = {
  id: 'say-again',
  reply: ({ core, conversation }) => {
    const asks =
      /^(?:(?:say|repeat) (?:that|it|this)(?: again)?|repeat(?: yourself)?|say again|again|pardon(?: me)?|come again|what(?: did you(?: just)? say| was that)?|what was your (?:last )?answer|one more time|i (?:did not|could not) (?:hear|catch|get|understand) (?:that|you|it)|(?:say|repeat) what you(?: just)? said)$/;
    if (!asks.test(core)) return undefined;
    const last = conversation.assistant.at(-1);
    return last ? `I said: ${last.replace(/^I said: /, '')}` : 'I have not said anything yet.';
  },
};

export const spell: Skill = {
  id: 'spell',
  quoting: true,
  offer: 'spell a word',
  reply: ({ core, said }) => {
    const pattern =
      /(?:^|\b)(?:how (?:do|would|can|should) (?:you|i|we) spell|how (?:is|are)(?= .+ (?:spelled|spelt)$)|spell(?: out)?(?: for me)?|what is the spelling of)(?: the (?:words?|names?))? (.+?)(?: (?:spelled|spelt))?$/i;
    const word = /^(?:how|spell|what is the spelling)/.test(core) ? core.match(pattern)?.[1] : undefined;
    if (!word || /^(?:it|that|this|my name)$/.test(word)) return undefined;
    const shown = said.match(new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i'))?.[0] ?? word;
    const letters = word.toUpperCase().match(/[\p{L}\p{N}]/gu) ?? [];
    return `${capitalise(shown)} is spelled ${letters.join(', ')}.`;
  },
};

function ended(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
