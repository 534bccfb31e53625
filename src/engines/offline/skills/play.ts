// Jokes, stories and chance.
import { findNumbers } from '../numbers.ts';
import type { Skill, SkillContext } from '../skill.ts';

const jokes = [
  'Why did the scarecrow win a prize? Because he was outstanding in his field.',
  'I told my computer I needed a break. It said: no problem, I will go to sleep.',
  'Why do bees have sticky hair? Because they use honeycombs.',
  'What do you call a fish without eyes? A fsh.',
  'Parallel lines have so much in common. It is a pity they will never meet.',
  'Why was the maths book sad? It had too many problems.',
  'How does the moon cut its hair? Eclipse it.',
  'What is brown and sticky? A stick.',
];

const stories = [
  'Once upon a time there was a lighthouse keeper called Mara, who lived alone on a small rock in a wide grey sea. Every evening she climbed the ninety steps, lit the lamp, and counted the ships that passed. One night the fog was so thick that the lamp could not be seen at all. Far away she heard a bell, small and lost. So Mara took her old trumpet, opened the window, and played the only tune she knew, again and again, until her lips were sore. When the morning came, a little boat lay at the foot of the rock, and in it sat a man with a bell. He looked up and said: I could not see your light, but I could hear that somebody was there. And they had breakfast together.',
  'Long ago, at the edge of a deep forest, a clockmaker built a bird of brass that could sing one song. He gave it to a girl named Ines, who carried it everywhere. The birds of the forest came to listen, and laughed, because the song never changed. Ines was ashamed, and one evening she left the brass bird on a branch and went home. That winter was the coldest anyone could remember, and the birds of the forest grew silent, one after the other. Only the brass bird sang on, the same song, every morning. When spring came at last and Ines walked back into the forest, every bird there was singing that one song, because it was the song that had told them that the morning always comes.',
];

/** One that was not told yet in this conversation, if there is one left. */
function fresh(context: SkillContext, choices: readonly string[]): string {
  const told = context.conversation.assistant.join('\n');
  const left = choices.filter((choice) => !told.includes(choice.slice(0, 25)));
  const from = left.length > 0 ? left : choices;
  return from[context.chance(from.length)] as string;
}

export const joke: Skill = {
  id: 'joke',
  offer: 'tell you a joke',
  reply: (context) =>
    /\bjokes?\b|^(?:make me laugh|tell me something funny|say something funny|another one|be funny)$/.test(context.core) &&
    (context.core !== 'another one' || jokes.some((told) => context.conversation.assistant.at(-1)?.includes(told)))
      ? fresh(context, jokes)
      : undefined,
};

export const story: Skill = {
  id: 'story',
  offer: 'tell you a story',
  reply: (context) =>
    /\b(?:tell|read|know|want|hear|give)\b.*\bstor(?:y|ies)\b|^(?:a |another )?(?:short |long |bedtime )?story(?: time)?$/.test(
      context.core,
    ) && !/\bmy story\b/.test(context.core)
      ? fresh(context, stories)
      : undefined,
};

export const coin: Skill = {
  id: 'coin',
  offer: 'flip a coin',
  reply: ({ core, chance }) =>
    /\b(?:flip|toss|throw)\b.*\bcoins?\b|^(?:coin (?:flip|toss)|heads or tails)$/.test(core)
      ? chance(2) === 0
        ? 'It is heads.'
        : 'It is tails.'
      : undefined,
};

export const dice: Skill = {
  id: 'dice',
  offer: 'roll a dice',
  reply: ({ core, chance }) => {
    if (!/\b(?:roll|throw|toss)\b.*\b(?:dice|die)\b|^roll (?:again|a d ?\d+)$/.test(core)) return undefined;
    const count = Math.min(6, Math.max(1, findNumbers(core.split(' '))[0]?.value ?? 1));
    const rolled = Array.from({ length: Math.round(count) }, () => chance(6) + 1);
    if (rolled.length === 1) return `You rolled a ${rolled[0]}.`;
    return `You rolled ${rolled.slice(0, -1).join(', ')} and ${rolled.at(-1)}, together ${rolled.reduce((sum, value) => sum + value, 0)}.`;
  },
};

export const randomNumber: Skill = {
  id: 'random-number',
  offer: 'pick a random number',
  reply: ({ core, chance }) => {
    if (!/\brandom number\b|\b(?:pick|choose|think of|give me|say) (?:a|any) number\b/.test(core)) return undefined;
    const [first, second] = findNumbers(core.split(' ')).map((found) => Math.round(found.value));
    const low = second === undefined ? 1 : Math.min(first as number, second);
    const high = Math.max(low, second === undefined ? (first ?? 100) : Math.max(first as number, second));
    return `My number is ${low + chance(Math.min(high - low + 1, 2 ** 31))}.`;
  },
};
