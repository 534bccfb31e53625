// What the assistant is. Always the truth: a set of rules, whatever name the instructions give it.
import type { Skill } from '../skill.ts';
import { listing, toolAsVerb } from '../words.ts';

const honest = "Parley's offline assistant: a set of rules that runs without a language model";

export const whatItIs: Skill = {
  id: 'what-it-is',
  reply: ({ core, conversation: { name } }) => {
    const asksName =
      /^(?:(?:tell me )?(?:what is|what) your name(?: is)?|what (?:are you called|should i call you|can i call you)|your name|do you have a name)$/.test(
        core,
      );
    const asksKind =
      /^(?:who|what) (?:are you|am i (?:talking|speaking) (?:to|with)|is this|exactly are you|kind of (?:assistant|model|ai|a i) are you)\b|^(?:are|is) (?:you|this) (?:an? |the )?(?:real |actual )?(?:robot|human|person|machine|bot|computer|ai|a i|assistant|language model|large language model|gpt|chat ?gpt|claude|gemini|llama|siri|alexa|program|man|woman|alive|real|offline|online|smart|intelligent)|^(?:what|which) (?:language |ai |a i )?(?:model|llm|version) (?:are you|is this|do you (?:use|run)|powers you|am i)|^(?:introduce yourself|tell me (?:something )?about (?:yourself|you)|who (?:made|built|created|wrote) you|are you using (?:a|any) (?:language )?model)/.test(
        core,
      );
    if (asksName) return name ? `My name is ${name}.` : "I am Parley's offline assistant. You can call me Parley.";
    if (!asksKind) return undefined;
    return name ? `I'm ${name}. To be exact, I am ${honest}.` : `I am ${honest}.`;
  },
};

export const howToConnect: Skill = {
  id: 'how-to-connect',
  reply: ({ core }) => {
    const asks =
      /\b(?:connect|plug in|add|use|set up|setup|install|configure|enable|switch to|get|attach|choose|change)\b.*\b(?:model|llm|gpt|chat ?gpt|open ?ai|ollama|brain|a i|ai|provider)\b|\bmake you (?:smart|smarter|better|more intelligent)\b/.test(
        core,
      );
    if (!asks || !/\b(?:how|can i|could i|help|want|need|what|where|should i|would like)\b/.test(core)) return undefined;
    return 'To give me a real language model, set OPENAI_API_KEY, or the key of another provider, in the settings of the server and start it again. Or run Ollama on the same machine: Parley finds it by itself.';
  },
};

export const whatItCan: Skill = {
  id: 'what-it-can',
  reply: ({ core, conversation: { tools } }) => {
    if (
      !/^(?:what (?:can|could|else can|do) you (?:do|help|know|offer|answer)|what (?:are you able to do|are your (?:skills|functions|capabilities|abilities)|can i (?:ask|say|do))|how can you help|help(?: me)?|(?:tell me )?what you can do|i need (?:some )?help|menu|options|commands|what now)\b/.test(
        core,
      ) ||
      core.split(' ').length > 9
    ) {
      return undefined;
    }
    const own =
      'I can tell the time and the date, do arithmetic, count, spell, repeat your words, remember what you tell me, and tell a joke or a story.';
    if (tools.length === 0) return own;
    const named = tools.slice(0, 4).map(toolAsVerb);
    return `${own} I can also ${listing(named)}.`;
  },
};
