// What voices are like that clients know by name: those of Inworld (its list of voices, docs.inworld.ai/api-reference/voiceAPI, and the descriptions
// there) and of OpenAI (platform.openai.com/docs/guides/text-to-speech, which names them and describes none: they are put down here as listeners
// commonly describe them, in accord with `voiceAliases`).
import type { Voice } from '../engine.ts';
import { traitsOf } from './voice-traits.ts';

/** As much of a voice as others can be compared with. */
export type VoiceCharacter = Pick<Voice, 'gender' | 'language' | 'tags'>;

/** Each line: a name, `f` or `m`, a language, and what else is known, in words that `traitsOf` reads. */
const openAiTable = `
alloy f en-US middle-aged balanced neutral
ash m en-US middle-aged expressive energetic
ballad m en-GB middle-aged cordial warm
cedar m en-US middle-aged calm friendly natural
coral f en-US young curious friendly warm
echo m en-US young relaxed natural
fable m en-GB middle-aged expressive narrator
marin f en-US young friendly bright natural
nova f en-US young playful energetic
onyx m en-US middle-aged deep confident
sage f en-US middle-aged professional composed
shimmer f en-US middle-aged gentle soft
verse m en-US young friendly dynamic
`;

const inworldTable = `
Alex m en-US middle-aged energetic expressive
Ashley f en-US middle-aged warm natural
Craig m en-GB old articulate
Deborah f en-US middle-aged warm calm gentle
Dennis m en-US middle-aged calm friendly
Edward m en-US middle-aged confident fast
Elizabeth f en-US middle-aged professional narration
Hades m en-US old commanding gruff deep narrator
Julia f en-US young quirky high-pitched playful
Pixie f en-US child high-pitched squeaky
Mark m en-US middle-aged energetic expressive fast
Olivia f en-GB young friendly helpful upbeat
Priya f en-IN middle-aged even-toned
Ronald m en-GB middle-aged confident deep gravelly
Sarah f en-US young fast
Shaun m en-US young friendly dynamic
Theodore m en-GB old gravelly time-worn
Timothy m en-US young lively upbeat
Wendy f en-GB middle-aged professional
Dominus m en-US middle-aged robotic deep menacing
Hana f en-US young bright expressive storytelling playful
Clive m en-GB middle-aged calm cordial
Carter m en-US middle-aged energetic mature storytelling
Blake m en-US middle-aged deep reassuring audiobook
Luna f en-US middle-aged calm relaxing
Liam m en-AU young upbeat
Loretta f en-US middle-aged inviting friendly
Darlene f en-US middle-aged soothing comforting
Marlene f en-US middle-aged friendly relaxed
Hank m en-US middle-aged warm laid-back
Evelyn f en-US middle-aged gentle calm
Celeste f en-US young soft whispery
Pippa f en-AU young friendly casual
Tessa f en-AU young upbeat conversational
Callum m en-AU young casual friendly
Hamish m en-AU middle-aged friendly casual
Abby f en-US child bright eager
Graham m en-GB middle-aged authoritative documentary
Rupert m en-GB middle-aged resonant commanding
Mortimer m en-US old gravelly villain
Snik m en-US middle-aged hoarse
Anjali f en-IN middle-aged confident articulate
Saanvi f en-IN young crisp articulate
Arjun m en-IN middle-aged clear composed
Claire f en-US middle-aged warm gentle
Oliver m en-US middle-aged neutral clear
Simon m en-US middle-aged articulate professional
Elliot m en-US middle-aged calm steady
James m en-US middle-aged vibrant expressive
Serena f en-US middle-aged soft nurturing
Gareth m en-US middle-aged soothing gentle
Vinny m en-US middle-aged gritty assertive
Lauren f en-US middle-aged confident friendly
Jessica f en-US middle-aged articulate warm
Ethan m en-US middle-aged assured precise
Tyler m en-US middle-aged authoritative
Jason m en-US middle-aged clear engaging
Chloe f en-US young gentle
Veronica f en-US middle-aged intimidating commanding
Victoria f en-GB middle-aged silky narrator
Miranda f en-US middle-aged menacing
Sebastian m en-US middle-aged intimidating
Victor m en-US middle-aged ominous sinister
Malcolm m en-US middle-aged authoritative
Nate m en-US young conversational sociable
Brian m en-US middle-aged friendly reassuring
Amina f en-US middle-aged warm inviting
Kelsey f en-US young warm empathetic reassuring
Derek m en-US middle-aged steady professional composed
Evan m en-US young friendly approachable
Kayla f en-US young enthusiastic energetic
Jake m en-US young amiable
Grant m en-US middle-aged calm helpful
Yichen m zh-CN young calm
Xiaoyin f zh-CN young gentle
Xinyi f zh-CN middle-aged neutral narration
Jing f zh-CN young energetic fast-paced
Erik m nl-NL old weathered
Katrien f nl-NL middle-aged expressive
Lennart m nl-NL middle-aged confident calm relaxed
Lore f nl-NL middle-aged clear calm professional
Alain m fr-FR middle-aged deep composed calm
Helene f fr-FR middle-aged musical
Mathieu m fr-FR middle-aged natural
Etienne m fr-FR young calm
Johanna f de-DE old calm low smoky
Josef m de-DE middle-aged articulate
Gianni m it-IT middle-aged deep rapid
Orietta f it-IT middle-aged calm soothing
Asuka f ja-JP young friendly
Satoshi m ja-JP middle-aged dramatic expressive energetic
Hyunwoo m ko-KR young natural
Minji f ko-KR young energetic friendly
Seojun m ko-KR middle-aged clear deep
Yoona f ko-KR middle-aged gentle soothing
Szymon m pl-PL middle-aged warm friendly
Wojciech m pl-PL middle-aged natural
Heitor m pt-BR middle-aged composed neutral
Maite f pt-BR middle-aged natural
Diego m es-ES middle-aged soothing gentle
Lupita f es-ES young vibrant energetic
Miguel m es-ES middle-aged calm storytelling
Rafael m es-ES middle-aged deep composed narration
Svetlana f ru-RU young soft high-pitched breathy
Elena f ru-RU middle-aged clear neutral informative
Dmitry m ru-RU middle-aged deep gravelly commanding
Nikolai m ru-RU middle-aged deep resonant theatrical
Riya f hi-IN middle-aged professional clear approachable
Manoj m hi-IN middle-aged clear professional
Yael f he-IL middle-aged narration storytelling
Oren m he-IL middle-aged steady
Nour f ar-SA middle-aged polished friendly
Omar m ar-SA middle-aged bright confident
`;

export type NamedCharacter = VoiceCharacter & { readonly name: string };

export const openAiCharacters = charactersIn(openAiTable);
export const inworldCharacters = charactersIn(inworldTable);

const characters: ReadonlyMap<string, VoiceCharacter> = new Map(
  [...inworldCharacters, ...openAiCharacters].map((character) => [plainName(character.name), character]),
);

/** What the voice of that name is like, without regard to case and accents: `marin`, `Dennis`, `Hélène`. */
export function characterOf(name: string): VoiceCharacter | undefined {
  return characters.get(plainName(name));
}

/** Names as they are compared. */
export function plainName(name: string): string {
  return name.trim().toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '');
}

function charactersIn(table: string): NamedCharacter[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', gender, language = '', ...words] = line.split(' ');
      return { name, gender: gender === 'f' ? 'female' : 'male', language, tags: traitsOf(words.join(' ')) };
    });
}
