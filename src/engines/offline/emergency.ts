// What is said to somebody in danger: always the same sober sentences, before any rule, instruction or function gets a say.
import type { Utterance } from './words.ts';

const emergencyNumber = 'Call your local emergency number now, for example 112 or 911.';

interface Emergency {
  readonly said: RegExp;
  readonly reply: string;
}

const self = String.raw`(?:my ?self|me)`;
const someone = String.raw`(?:i|he|she|they|we|somebody|someone|my [\p{L}]+(?: [\p{L}]+)?|the baby|a (?:man|woman|person|child))`;

const emergencies: readonly Emergency[] = [
  {
    said: new RegExp(
      String.raw`\b(?:(?:want|going|trying|plan|planning|decided|about) to (?:kill|hurt|harm|cut|hang|shoot) ${self}\b|(?:kill|killing|harming|hurting|cutting) my ?self\b|(?:end|take|ending|taking) my (?:own )?life\b|commit(?:ting)? suicide\b|(?:feel(?:ing)?|am|i'm) suicidal\b|(?:want|wish|wanna|like) (?:to|i could|i was|i were) (?:die|be dead|dead)\b|(?:do not|don't) want to (?:live|be alive|wake up)\b|self[- ]harm\b|took (?:an overdose|too many (?:pills|tablets))\b)`,
      'iu',
    ),
    reply:
      'I am sorry that it is so hard right now. Please do not stay alone with this: call somebody you trust, a crisis line (988 in the United States), or your local emergency number, for example 112 or 911. I am only software and cannot call for you.',
  },
  {
    said: new RegExp(
      String.raw`\b(?:chest (?:pains?|hurts?|is (?:hurting|tight))|pains? in (?:my|his|her|the) chest|heart attack|(?:having|had|has) a stroke|${someone} (?:can ?not|can't|cannot) breathe|(?:struggling|unable) to breathe|(?:is|am|are|i'm|he's|she's) (?:choking|unconscious|not breathing|bleeding (?:badly|heavily|a lot|out))|(?:stopped|has stopped) breathing|(?:overdosed|overdose)|(?:was|been|is) (?:poisoned|stabbed|shot)|swallowed (?:poison|bleach)|need an ambulance|(?:call|get) an ambulance)\b`,
      'iu',
    ),
    reply: `${emergencyNumber} Say where you are and what has happened, and stay on the line. I am only software and cannot call for you.`,
  },
  {
    said: /\b(?:(?:house|flat|apartment|kitchen|building|room|car|office|roof|school|basement|garage) is (?:on fire|burning)|there is (?:a |)fire|there's a fire|(?:is|are|am|i'm) on fire\b(?! today)|smell(?:s|ing)? (?:of )?(?:gas|smoke)|gas leak|fire in (?:my|the|our) (?:house|flat|apartment|kitchen|building|room|car|office|garage|basement))\b/iu,
    reply: `Leave the building now, take everybody with you, and close the doors behind you. ${emergencyNumber} I am only software and cannot call for you.`,
  },
  {
    said: /\b(?:(?:call|get|need) the police|(?:somebody|someone|he|she|they) (?:is|are) (?:trying to (?:kill|hurt) me|attacking me|breaking in(?:to my (?:house|flat|home|apartment))?)|(?:broke|breaking) into my (?:house|flat|home|apartment)|this is an emergency|call (?:nine one one|911|112|999))\b/iu,
    reply: `${emergencyNumber} Say where you are and what is happening. I am only software and cannot call for you.`,
  },
];
/** Somebody who tells of a film, asks for a meaning, or says that it is not so, is in no danger. */
const noDanger =
  /\b(?:what (?:is|does|are)|define|definition|meaning of|how do (?:you|i) spell|spell|movie|film|book|song|story|game|joke|repeat after me|not (?:having|had|on fire)|no (?:chest pain|fire)|fire ?place|camp ?fire|years? ago|last (?:year|month|week))\b/i;

/** The answer to an emergency; undefined when the words tell of none. */
export function inEmergency({ said, core }: Utterance): string | undefined {
  if (noDanger.test(core)) return undefined;
  return emergencies.find((emergency) => emergency.said.test(said) || emergency.said.test(core))?.reply;
}
