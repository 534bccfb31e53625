// The voices that services name in their documentation: offered until a service has told its own, or where it never does.
import type { Voice } from '../../engine.ts';
import { inworldCharacters, type NamedCharacter, openAiCharacters } from '../../text/voice-characters.ts';
import { languageTag, traitsOf } from '../../text/voice-traits.ts';

/** platform.openai.com/docs/guides/text-to-speech */
export const openAiVoices: readonly Voice[] = openAiCharacters.map((character) => voiceOf(character.name, character));

/** docs.inworld.ai/api-reference/voiceAPI/voiceservice/list-voices */
export const inworldVoices: readonly Voice[] = inworldCharacters.map((character) => voiceOf(character.name, character));

/** console.groq.com/docs/text-to-speech/orpheus: the first six speak English, the others Arabic, each with a model of its own. */
export const groqVoices: readonly Voice[] = rows(`
autumn f en-US middle-aged
diana f en-US middle-aged
hannah f en-US middle-aged
austin m en-US middle-aged
daniel m en-US middle-aged
troy m en-US middle-aged
fahad m ar-SA middle-aged
sultan m ar-SA middle-aged
lulwa f ar-SA middle-aged
noura f ar-SA middle-aged
`);

/** elevenlabs.io/docs/capabilities/voices: the default voices, which every account has; id, then the name. */
export const elevenLabsVoices: readonly Voice[] = rows(`
EXAVITQu4vr4xnSDxMaL Sarah f en-US young confident warm
JBFqnCBsd6RMkjVDRZzb George m en-GB middle-aged warm storyteller
hpp4J3VqNfWAUOO0d1Us Bella f en-US middle-aged professional warm bright
CwhRBWXzGAHq8TQ4Fs17 Roger m en-US middle-aged laid-back casual resonant
FGY2WhTYpPnrIDTdsKH5 Laura f en-US young enthusiastic quirky
IKne3meq5aSn9XLyUdCD Charlie m en-AU young deep confident energetic
N2lVS1w4EtoT3dr4eOWO Callum m en-US middle-aged husky
SAz9YHcvj6GT2YYXdXww River n en-US middle-aged relaxed neutral informative
SOYHLrjzK2X1ezoPC6cr Harry m en-US young fierce rough
TX3LPaxmHKxFdv7VOQHJ Liam m en-US young energetic
Xb7hH8MSUJpSbSDYk0k2 Alice f en-GB middle-aged clear engaging
XrExE9yKIg1WjnnlVkGX Matilda f en-US middle-aged knowledgeable professional
bIHbv24MWmeRgasZH58o Will m en-US young relaxed
cgSgspJ2msm6clMCkdW9 Jessica f en-US young playful bright warm
cjVigY5qzO86Huf0OWal Eric m en-US middle-aged trustworthy
iP95p4xoKVk53GoZ742B Chris m en-US middle-aged natural approachable
nPczCjzI2devNBz1zQrb Brian m en-US middle-aged deep comforting
onwK4e9ZLuTAKqWW03F9 Daniel m en-GB middle-aged steady
pFZP5JQG7iQjIQuC4Bku Lily f en-GB middle-aged velvety
pNInz6obpgDQGcFmaJgB Adam m en-US middle-aged dominant
pqHfZKP75CvOlQylNhV4 Bill m en-US old wise balanced
`);

/** docs.cartesia.ai/build-with-cartesia/tts-models: the voices recommended for agents. */
export const cartesiaVoices: readonly Voice[] = rows(`
f786b574-daa5-4673-aa0c-cbe3e8534c02 Katie f en-US young friendly
a5136bf9-224c-4d76-b823-52bd5efcffcc Jameson m en-US middle-aged approachable
db6b0ed5-d5d3-463d-ae85-518a07d3c2b4 Skylar f en-US young friendly
62ae83ad-4f6a-430b-af41-a9bede9286ca Gemma f en-GB middle-aged confident
ef191366-f52f-447a-a398-ed8c0f2943a1 Archie m en-GB middle-aged confident
`);

/** developers.deepgram.com/docs/tts-models: Aura-2, whose ids are `aura-2-<name>-<language>`. */
export const deepgramVoices: readonly Voice[] = `
thalia f en-US middle-aged clear confident energetic enthusiastic
andromeda f en-US middle-aged casual expressive comfortable
helena f en-US middle-aged caring natural positive friendly raspy
apollo m en-US middle-aged confident comfortable casual
arcas m en-US middle-aged natural smooth clear comfortable
aries m en-US middle-aged warm energetic caring
amalthea f en-PH young engaging natural cheerful
asteria f en-US middle-aged clear confident knowledgeable energetic
athena f en-US old calm smooth professional
atlas m en-US old enthusiastic confident approachable friendly
aurora f en-US middle-aged cheerful expressive energetic
callista f en-US middle-aged clear energetic professional
cora f en-US middle-aged melodic caring
cordelia f en-US young approachable warm polite
delia f en-US young casual friendly cheerful breathy
draco m en-GB middle-aged warm approachable trustworthy baritone
electra f en-US middle-aged professional engaging knowledgeable
harmonia f en-US middle-aged empathetic clear calm confident
hera f en-US middle-aged warm professional
hermes m en-US middle-aged expressive engaging professional
hyperion m en-AU middle-aged caring warm empathetic
iris f en-US young cheerful positive approachable
janus f en-US middle-aged trustworthy
juno f en-US middle-aged natural engaging melodic breathy
jupiter m en-US middle-aged expressive knowledgeable baritone
luna f en-US young friendly natural engaging
mars m en-US middle-aged patient trustworthy baritone
minerva f en-US middle-aged positive friendly natural
neptune m en-US middle-aged professional patient polite
odysseus m en-US middle-aged calm comfortable professional
ophelia f en-US middle-aged expressive enthusiastic cheerful
orion m en-US middle-aged approachable comfortable calm polite
orpheus m en-US middle-aged professional clear confident trustworthy
pandora f en-GB middle-aged calm melodic breathy
phoebe f en-US middle-aged energetic warm casual
pluto m en-US middle-aged calm empathetic baritone
saturn m en-US middle-aged knowledgeable confident baritone
selene f en-US middle-aged expressive engaging energetic
theia f en-AU middle-aged expressive polite sincere
vesta f en-US middle-aged natural expressive patient empathetic
zeus m en-US middle-aged deep trustworthy
sirio m es-MX middle-aged calm professional comfortable baritone
nestor m es-ES middle-aged calm professional approachable clear
carina f es-ES middle-aged professional raspy energetic confident
celeste f es-CO young clear energetic positive friendly
alvaro m es-ES middle-aged calm professional clear
diana f es-ES middle-aged professional confident expressive polite
aquila m es-419 middle-aged expressive enthusiastic confident casual
selena f es-419 young approachable casual friendly calm
estrella f es-MX old approachable natural calm expressive
javier m es-MX middle-aged approachable professional friendly calm
`
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [name = '', , language = ''] = line.split(' ');
    return rows(`aura-2-${name}-${language.slice(0, 2)} ${line}`);
  });

/** Each line: an id, a name unless it is the same, `f`, `m` or `n`, a language, and words that `traitsOf` reads. */
function rows(table: string): Voice[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [, id = '', name = id, gender = 'n', language = '', words = ''] = /^(\S+)(?: (\S{2,}))? ([fmn]) (\S+) (.*)$/.exec(line) ?? [];
      const sex = gender === 'f' ? 'female' : gender === 'm' ? 'male' : 'neutral';
      return { ...voiceOf(id, { name, gender: sex, language, tags: traitsOf(words) }), description: describe(sex, language, words) };
    });
}

function voiceOf(id: string, { name, gender, language, tags }: NamedCharacter): Voice {
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  return { id, name: label, description: describe(gender, language, tags.join(' ')), language: languageTag(language), gender, tags };
}

function describe(gender: Voice['gender'], language: string, words: string): string {
  return `${gender === 'neutral' ? 'A' : gender === 'male' ? 'A male' : 'A female'} voice (${languageTag(language)}): ${words.split(' ').join(', ')}.`;
}
