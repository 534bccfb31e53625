// Remembers what the user said by looking it up in the conversation; there is no state behind it.
import type { Conversation } from '../conversation.ts';
import type { Skill } from '../skill.ts';
import { fromYourSide, titleCase } from '../words.ts';

const nameGiven = /\b(?:my name is|my name's|call me|they call me)(?: called)? ([\p{L}'-]+(?: [\p{L}'-]+)?)/iu;
const trailing = /\b(?: (?:and|what|nice|please|but|so|by|from|the|can|could|i|by|who|is|not)\b.*)$/i;
const factGiven = /\bmy ((?!name\b)[\p{L}' -]+?) (is|are|was) (?!what\b|it\b)(.+)$/iu;

export const learnName: Skill = {
  id: 'learn-name',
  reply: ({ said, core }) => {
    if (/^(?:what|who|do|is|spell|how)\b/.test(core)) return undefined;
    const name = nameFrom(said);
    return name && /^(?:.{0,20}\b)?(?:my name|call me|they call me)/i.test(said) ? `Nice to meet you, ${name}.` : undefined;
  },
};

export const tellName: Skill = {
  id: 'tell-name',
  reply: ({ core, conversation }) => {
    if (
      !/\b(?:what is my name|who am i|know my name|remember my name|say my name|what i am called|what am i called|what my name is|what name did i)/.test(
        ` ${core}`,
      ) &&
      core !== 'my name'
    ) {
      return undefined;
    }
    const name = [...conversation.remembered, ...conversation.user.slice(0, -1)]
      .map((utterance) => nameFrom(utterance.said))
      .findLast((found) => found !== undefined);
    return name ? `Your name is ${name}.` : 'You have not told me your name yet. Say: my name is, and then your name.';
  },
};

function nameFrom(said: string): string | undefined {
  const match = said.match(nameGiven)?.[1]?.replace(trailing, '');
  return match && !/^(?:back|later|what|is|not|a|an|the|when|if|tomorrow|at)\b/i.test(match) ? titleCase(match) : undefined;
}

export const remember: Skill = {
  id: 'remember',
  quoting: true,
  offer: 'remember something you tell me',
  reply: ({ said, core }) => {
    if (/^(?:do|what|can|did|will) /i.test(said) && !core.startsWith('remember')) return undefined;
    const fact = noteFrom(said);
    return fact ? `I will remember that ${fromYourSide(fact)}.` : undefined;
  },
};

export const learnFact: Skill = {
  id: 'learn-fact',
  reply: ({ said, core }) => {
    if (!core.startsWith('my ')) return undefined;
    const [, thing, verb, value] = said.match(factGiven) ?? [];
    return thing && value ? `Noted: your ${thing} ${verb} ${fromYourSide(value)}.` : undefined;
  },
};

export const recall: Skill = {
  id: 'recall',
  reply: ({ core, conversation }) => {
    if (/^what (?:did i (?:ask|tell|want) you to remember|do you remember|should you remember|have you remembered)/.test(core)) {
      const notes = before(conversation).flatMap((said) => noteFrom(said) ?? []);
      return notes.length > 0
        ? `You asked me to remember that ${notes.map(fromYourSide).join(', and that ')}.`
        : 'You have not asked me to remember anything yet.';
    }
    const asked =
      core.match(/^(?:what|who|which|where) (?:is|are|was) my ([\p{L}' -]+)$/u)?.[1] ??
      core.match(/^(?:tell me |say |remember )(?:what )?my ([\p{L}' -]+?)(?: is| are)?$/u)?.[1];
    if (!asked || asked === 'name') return undefined;
    for (const said of before(conversation).toReversed()) {
      const [, thing, verb, value] = said.match(factGiven) ?? [];
      if (thing?.toLowerCase() === asked && value) return `Your ${asked} ${verb?.toLowerCase()} ${fromYourSide(value)}.`;
    }
    return `You have not told me your ${asked} yet.`;
  },
};

export const lastWords: Skill = {
  id: 'last-words',
  reply: ({ core, conversation }) => {
    const first = /^what (?:did i (?:say|ask)(?: you)? first|was (?:the first thing i (?:said|asked)|my first (?:question|sentence)))/.test(
      core,
    );
    const last =
      /^what (?:did i (?:just |last )?(?:say|ask|tell)|was (?:the last thing i (?:said|asked)|my (?:last |previous )?(?:question|sentence))|have i (?:just )?(?:said|asked)|i (?:just )?(?:said|asked))/.test(
        core,
      );
    if (!first && !last) return undefined;
    const earlier = conversation.user.slice(0, -1).filter((utterance) => utterance.said !== '');
    const words = first ? earlier[0] : earlier.at(-1);
    return words ? `You said: ${words.raw}` : 'This is the first thing you have said to me.';
  },
};

function noteFrom(said: string): string | undefined {
  return said.match(
    /\bremember(?: this| for me| for later)?,?(?: that)? ((?:my|i|we|our|the|it|he|she|they|there|tomorrow|today)\b.+ .+)$/i,
  )?.[1];
}

function before(conversation: Conversation): string[] {
  return [...conversation.remembered, ...conversation.user.slice(0, -1)].map((utterance) => utterance.said);
}
