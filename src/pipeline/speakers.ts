// Beyond the words of an utterance: who spoke when in it, what the voice is like, and in which language, for recognisers that can tell.
import { type Transcript, VAD_RATE_HZ, type VoiceProfile as Heard } from '../engines/engine.ts';
import type { VoiceProfile } from '../protocol/server-events.ts';
import type { FactOf } from '../session/facts.ts';

const samplesPerMs = VAD_RATE_HZ / 1000;

/** What a recogniser made of the stretches of speech it was given, which are positions of the input's samples. */
export interface Recognised {
  readonly transcript: Transcript;
  readonly stretches: readonly { readonly from: number; readonly to: number }[];
}

/** What the recognisers tell, on the timeline of an item that begins at `fromMs` of the input and lasts `lengthMs`. */
export function speakersOf(
  recognised: readonly Recognised[],
  fromMs: number,
  lengthMs: number,
): Pick<FactOf<'transcript.final'>, 'segments' | 'voiceProfile' | 'languages'> {
  // Speech is heard with some sound from before it, which may be from before the item.
  const within = (ms: number) => Math.min(lengthMs, Math.max(0, ms - fromMs));
  const segments = recognised.flatMap(({ transcript, stretches }) =>
    (transcript.segments ?? []).map(({ text, startMs, endMs, speaker }) => ({
      text,
      speaker,
      startMs: within(inputMs(stretches, startMs, 'begins')),
      endMs: within(inputMs(stretches, endMs, 'ends')),
    })),
  );
  const heard = recognised.findLast(({ transcript }) => transcript.voiceProfile)?.transcript.voiceProfile;
  const told = recognised.flatMap(({ transcript }) => transcript.languages ?? []);
  const tells = recognised.some(({ transcript }) => transcript.languages);
  return {
    ...(segments.length === 0 ? {} : { segments }),
    ...(heard ? { voiceProfile: onTheWire(heard) } : {}),
    ...(tells ? { languages: [...new Set(told)] } : {}),
  };
}

/** Where on the input's timeline it was what the recogniser, who did not hear the pauses, heard after so many milliseconds. */
function inputMs(stretches: Recognised['stretches'], heardMs: number, edge: 'begins' | 'ends'): number {
  let left = heardMs * samplesPerMs;
  for (const [index, { from, to }] of stretches.entries()) {
    const length = to - from;
    // What ends where a stretch does belongs to that stretch, what begins there to the next one.
    if (left < length || (left === length && edge === 'ends') || index === stretches.length - 1) return (from + left) / samplesPerMs;
    left -= length;
  }
  return heardMs;
}

function onTheWire({ vocalStyle, ...profile }: Heard): VoiceProfile {
  return vocalStyle ? { ...profile, vocal_style: vocalStyle } : profile;
}
