// Greetings and the small words that keep a conversation going. Each answers only when it is all that was said.
import type { Skill, SkillContext } from '../skill.ts';

interface Phrase {
  readonly id: string;
  readonly pattern: RegExp;
  readonly replies: readonly string[] | ((context: SkillContext) => readonly string[]);
}

const greeted = ({ conversation: { name, user } }: SkillContext) => {
  if (user.length > 1) return ['Hello again. What can I do for you?', 'Hello. I am still here.'];
  return [name ? `Hello, I'm ${name}. How can I help you?` : 'Hello! How can I help you?'];
};

const phrases: readonly Phrase[] = [
  {
    id: 'can-hear',
    pattern:
      /^(?:hello |hi |hey )?(?:(?:can|do|could) you hear me(?: now)?|are you (?:there|listening|still there|with me)|is (?:anybody|anyone|someone) (?:there|here)|hear me|testing|test|mic check|testing testing|test one two(?: three)?|testing one two(?: three)?)$/,
    replies: ['Yes, I can hear you.'],
  },
  {
    id: 'how-are-you',
    pattern:
      /^(?:how are you(?: doing| today| feeling)*|how is it going|how do you do|how have you been|what is up|how are things|are you (?:okay|all right|alright|well))$/,
    replies: ['I am fine, thank you. How are you?', 'All is well here, thank you. And you?'],
  },
  {
    id: 'greeting',
    pattern:
      /^(?:hello|hi|hey|hi there|hello there|hey there|good (?:morning|afternoon|evening|day)|greetings|howdy|welcome)(?: (?:hello|hi|hey|there|again|everyone|everybody|friend|parley|assistant|computer))*$/,
    replies: greeted,
  },
  {
    id: 'nice-to-meet',
    pattern: /^(?:it is )?(?:nice|good|pleased|great) to (?:meet|see|hear) you(?: too)?$/,
    replies: ['Nice to meet you too.'],
  },
  {
    id: 'goodbye',
    pattern:
      /^(?:good ?bye|bye(?: bye)?|see you(?: later| soon| tomorrow)?|talk to you later|good night|farewell|that is all(?: for (?:now|today))?|i have to go|have a (?:good|nice|great) (?:day|one|evening|night)|so long)(?: (?:then|now|everyone|bye|good ?bye))*$/,
    replies: ['Goodbye!', 'Goodbye, and take care.'],
  },
  {
    id: 'thanks',
    pattern:
      /^(?:(?:many |a lot of )?thanks|thank you|cheers|great thanks|much appreciated|i appreciate it)(?: (?:so much|very much|a lot|again|for that|for your help|for everything|for helping|you))*$/,
    replies: ["You're welcome.", 'My pleasure.', 'Any time.'],
  },
  {
    id: 'stop',
    pattern:
      /^(?:stop|stop (?:it|that|now|please|talking|speaking|counting|there)|be quiet|quiet|shut up|silence|enough|that is enough|cancel(?: (?:that|it))?|never ?mind|forget it|hold on|wait(?: a (?:second|moment|minute))?|hang on|pause|hush|no stop|stop stop)$/,
    replies: ['Okay.'],
  },
  {
    id: 'yes',
    pattern: /^(?:yes|yeah|yep|yup|sure|of course|certainly|absolutely|yes please|right|correct|exactly|true|i do|i am)$/,
    replies: ['Good. What should I do?', 'All right. What would you like?'],
  },
  {
    id: 'no',
    pattern: /^(?:no|nope|nah|not really|no thanks|no thank you|nothing|nothing else|i do not)$/,
    replies: ['All right. I am here if you need me.', 'Okay.'],
  },
  {
    id: 'okay',
    pattern:
      /^(?:ok|okay|alright|all right|fine|i see|got it|good|great|cool|nice|perfect|wonderful|awesome|excellent|very good|sounds good|understood|interesting|wow|hm+|mm+|mhm|uh huh|aha|oh|ah)(?: (?:good|great|okay|then|thanks))?$/,
    replies: ['Good.', 'All right.', 'Fine.'],
  },
  {
    id: 'fine',
    pattern:
      /^(?:i am (?:fine|good|okay|well|great|all right|doing (?:well|fine|good))|(?:fine|good|great|not (?:too )?bad|very well))(?: (?:thanks|thank you|too|and you|how are you|today))*$/,
    replies: ['I am glad to hear that.', 'Good to hear.'],
  },
  {
    id: 'praise',
    pattern:
      /^(?:you are (?:very |so |really )?(?:good|great|nice|helpful|funny|smart|clever|amazing|awesome|wonderful|the best)|well done|good job|nice work|i (?:like|love) you|that is (?:good|great|nice|funny|right|correct|amazing))$/,
    replies: ['Thank you.', 'That is kind of you.'],
  },
  { id: 'sorry', pattern: /^(?:i am )?(?:so |very )?sorry(?: about that)?$/, replies: ['No problem.'] },
];

export const smallTalk: readonly Skill[] = phrases.map(({ id, pattern, replies }) => ({
  id,
  reply: (context) => {
    if (!pattern.test(context.core)) return undefined;
    const choices = typeof replies === 'function' ? replies(context) : replies;
    return choices[context.conversation.user.length % choices.length];
  },
}));
