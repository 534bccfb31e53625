// The voices that Kokoro was taught, under their own names, and those of the services we follow: each is the one of them that comes nearest.
import type { Voice } from '../../engine.ts';
import { voiceAliases } from '../../text/voice-names.ts';
import { hibariVoices } from '../hibari/voices.ts';
import type { KokoroManner } from './kokoro-job.ts';

interface KokoroVoice extends Voice {
  readonly manner: KokoroManner;
}

type Sort = 'af' | 'am' | 'bf' | 'bm';

/** Of each voice that it was taught what brings it to -21 LUFS, and the name under which a synthesiser that stands in has the nearest. */
const taught: Readonly<Record<Sort, Readonly<Record<string, readonly [gain: number, standIn: string]>>>> = {
  af: {
    heart: [1.2, 'Olivia'],
    alloy: [1.03, 'Ashley'],
    aoede: [0.68, 'Wendy'],
    bella: [1.06, 'Ashley'],
    jessica: [1.09, 'Julia'],
    kore: [0.74, 'Deborah'],
    nicole: [1.09, 'Deborah'],
    nova: [1.88, 'Julia'],
    river: [0.99, 'Priya'],
    sarah: [0.98, 'Sarah'],
    sky: [1.31, 'Pixie'],
  },
  am: {
    michael: [1.39, 'Dennis'],
    adam: [0.72, 'Timothy'],
    echo: [1.09, 'Liam'],
    eric: [0.98, 'Mark'],
    fenrir: [0.77, 'Edward'],
    liam: [1.03, 'Liam'],
    onyx: [1.16, 'Ronald'],
    puck: [0.73, 'Alex'],
    santa: [1.14, 'Theodore'],
  },
  bf: { emma: [0.87, 'Elizabeth'], alice: [0.94, 'Sarah'], isabella: [0.69, 'Wendy'], lily: [1.03, 'Pixie'] },
  bm: { george: [1.06, 'Clive'], daniel: [1.04, 'Ronald'], fable: [0.97, 'Craig'], lewis: [1.27, 'Craig'] },
};

/** Names of Inworld's voices, the nearest that it was taught, and how fast that speaks then. */
const nearest: Readonly<Record<string, readonly [voice: string, pace: number]>> = {
  Dennis: ['am_michael', 1],
  Olivia: ['af_heart', 1],
  Clive: ['bm_george', 0.95],
  Sarah: ['af_sarah', 1.08],
  Liam: ['am_liam', 1],
  Alex: ['am_puck', 1],
  Ashley: ['af_bella', 0.95],
  Craig: ['bm_lewis', 0.9],
  Deborah: ['af_kore', 0.93],
  Edward: ['am_fenrir', 1.12],
  Elizabeth: ['bf_emma', 1],
  Hades: ['am_onyx', 0.87],
  Julia: ['af_jessica', 1],
  Mark: ['am_eric', 1.07],
  Pixie: ['af_sky', 1],
  Priya: ['af_river', 1],
  Ronald: ['am_onyx', 1],
  Shaun: ['am_echo', 0.95],
  Theodore: ['am_santa', 0.93],
  Timothy: ['am_adam', 1.05],
  Wendy: ['bf_isabella', 1],
  Dominus: ['bm_daniel', 0.9],
};

const own: readonly KokoroVoice[] = Object.entries(taught).flatMap(([sort, voices]) =>
  Object.entries(voices).map(([name, [gain]]): KokoroVoice => {
    const gender = sort.endsWith('f') ? 'female' : 'male';
    const from = sort.startsWith('a') ? 'American' : 'British';
    return {
      id: `${sort}_${name}`,
      name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      description: `Kokoro’s voice ${name}: ${from}, ${gender}.`,
      language: from === 'American' ? 'en-US' : 'en-GB',
      gender,
      tags: [from.toLowerCase()],
      manner: { style: `${sort}_${name}`, pace: 1, gain },
    };
  }),
);

const alike: readonly KokoroVoice[] = hibariVoices.flatMap(({ id, gender }) => {
  const [ownId, pace] = nearest[id] ?? [];
  const voice = own.find((candidate) => candidate.id === ownId);
  if (!voice || pace === undefined) return [];
  const manner = { ...voice.manner, pace };
  const description = `${voice.description} It speaks here for a ${gender === 'male' ? 'man' : 'woman'} of that name.`;
  return [{ ...voice, id, name: id, description, manner }];
});

/** In the order they are offered; the first is the default. */
export const kokoroVoices: readonly KokoroVoice[] = [...own, ...alike];

/**
 * By lower-case name, what is the same or nearest under another: of OpenAI's voices those that Kokoro has of the same name, and of Kokoro's own
 * those that a synthesiser has which stands in for it.
 */
export const kokoroAliases: ReadonlyMap<string, string> = new Map([
  ...own.filter(({ name }) => voiceAliases.has(name.toLowerCase())).map(({ id, name }) => [name.toLowerCase(), id] as const),
  ...Object.entries(taught).flatMap(([sort, voices]) =>
    Object.entries(voices).map(([name, [, standIn]]) => [`${sort}_${name}`, standIn] as const),
  ),
]);

/** The one of that name, without regard to case, or of a name of OpenAI's. */
export function findKokoroVoice(asked: string): KokoroManner | undefined {
  const name = asked.toLowerCase();
  const named = (id: string | undefined) => kokoroVoices.find((voice) => voice.id.toLowerCase() === id?.toLowerCase());
  return (named(name) ?? named(kokoroAliases.get(name)) ?? named(voiceAliases.get(name)))?.manner;
}
