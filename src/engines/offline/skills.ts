// Everything the offline assistant can do without a tool, in the order in which it is tried. A new skill is one line here.
import type { Skill } from './skill.ts';
import { howToConnect, whatItCan, whatItIs } from './skills/about.ts';
import { arithmetic } from './skills/arithmetic.ts';
import { counting } from './skills/counting.ts';
import { repeat, sayAgain, spell } from './skills/echo.ts';
import { lastWords, learnFact, learnName, recall, remember, tellName } from './skills/memory.ts';
import { coin, dice, joke, randomNumber, story } from './skills/play.ts';
import { smallTalk } from './skills/small-talk.ts';
import { date, time } from './skills/time.ts';

export const skills: readonly Skill[] = [
  sayAgain,
  tellName,
  repeat,
  spell,
  remember,
  ...smallTalk,
  whatItIs,
  howToConnect,
  whatItCan,
  recall,
  lastWords,
  learnName,
  learnFact,
  time,
  date,
  counting,
  arithmetic,
  coin,
  dice,
  randomNumber,
  joke,
  story,
];
