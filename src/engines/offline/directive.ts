// Follows the few instructions that rules can follow: what to say now, and how to begin a conversation.
import type { Conversation } from './conversation.ts';
import { capitalise } from './words.ts';

/** Longer instructions describe a character; they are not one thing to say. */
const ONE_DIRECTIVE_CHARS = 400;

const listener = String.raw`(?:the )?(?:user|caller|customer|person|visitor|guest|listener|client|them|him|her)`;
const sayPattern =
  /^(?:please |now |you (?:should|must) )?(?:just |only |simply )?(?:say|reply with|respond with|answer with|repeat|speak|output)(?: (?:exactly|only|just|verbatim|back|out loud|this|(?:exactly |only )?the (?:following|words?|sentence|phrase|text)(?: \w+)?))*[\s:,]+(.+)$/is;

/** What a message of the application tells the assistant to say, in the words to say; undefined when it is no such thing. */
export function follow(text: string, conversation: Conversation): string | undefined {
  const order = text.trim();
  if (order === '' || order.length > ONE_DIRECTIVE_CHARS) return undefined;
  const say = order.match(sayPattern)?.[1];
  if (say && !/^(?:hello|hi|goodbye)(?: warmly)?(?: to \w+(?: \w+)?)? and\b/i.test(say)) return sentence(spokenTo(say));
  if (/^(?:please |now |first,? )?(?:start (?:by|with)|begin (?:by|with)|greet|welcome|introduce yourself|say hello|open)\b/i.test(order))
    return greeting(conversation, order);
  const tell = order.match(new RegExp(`^(?:please |now )?(?:tell|inform|remind|let) ${listener}(?: know)?(?: that)? (.+)$`, 'is'))?.[1];
  if (tell) return sentence(toYou(tell));
  const ask = order.match(new RegExp(`^(?:please |now )?ask ${listener} (for|to) (.+)$`, 'is'));
  if (ask?.[2]) return `Could you ${ask[1]?.toLowerCase() === 'for' ? 'tell me ' : ''}${toYou(ask[2]).replace(/[.!]+$/, '')}?`;
  const askWhat = order.match(
    new RegExp(`^(?:please |now )?ask ${listener} (what|where|which|who|how) (?:their|his|her|its) (.+?) (is|are)[.!?]*$`, 'is'),
  );
  if (askWhat) return `${capitalise(askWhat[1] as string)} ${askWhat[3]} your ${askWhat[2]}?`;
  if (new RegExp(`^(?:please |now )?ask (?:${listener} )?how (?:you|they|he|she|i) can (?:be of )?(?:help|assist)`, 'i').test(order))
    return 'How can I help you?';
  return undefined;
}

/** The first words of a conversation, as the instructions want them where they say so. */
export function greeting(conversation: Conversation, order = conversation.instructions): string {
  const { name } = conversation;
  const quoted = order.match(
    /\b(?:greet|greeting|welcome|say|saying|begin|start|open|opening|introduce)\b[^.\n"“]{0,80}["“]([^"”]{2,200})["”]/i,
  )?.[1];
  if (quoted) return sentence(quoted);
  const firm = conversation.instructions.match(
    /\b(?:receptionist|agent|assistant|host|waiter|representative|concierge|operator|clerk|guide)\s+(?:for|at|of)\s+((?:the |an? )?[^.,;\n]{2,50})/i,
  )?.[1];
  const who = name ? `I'm ${name}` : firm ? 'this is the assistant' : "I'm Parley's offline assistant";
  return `Hello, ${who}${firm ? ` of ${firm.trim()}` : ''}. How can I help you?`;
}

/** `hello to the user` is said as `hello`. */
function spokenTo(text: string): string {
  const quoted = text.match(/^["“'‘](.+)["”'’][.!]?$/s)?.[1];
  return quoted ?? text.replace(new RegExp(` to ${listener}(?=[.!?]*$)`, 'i'), '');
}

function toYou(text: string): string {
  return text
    .replace(/\b(?:they|he|she) (?:are|is)\b/gi, 'you are')
    .replace(/\b(?:they|them|he|she|him)\b/gi, 'you')
    .replace(/\b(?:their|his|her)\b/gi, 'your')
    .replace(/\byou (has|does)\b/gi, (_, verb: string) => (verb === 'has' ? 'you have' : 'you do'));
}

function sentence(text: string): string {
  const trimmed = capitalise(text.trim());
  return /[.!?…]["”']?$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
