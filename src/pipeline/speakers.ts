// Beyond the words of an utterance: who spoke when in it, what the voice is like, and in which language, for recognisers that can tell.
import type { Transcript, VoiceProfile as Heard } from '../engines/engine.ts';
import type { VoiceProfile } from '../protocol/server-events.ts';
import type { FactOf } from '../session/facts.ts';

/** A stretch of speech, where its sound began on the input's timeline, and the last that was recognised of it. */
export interface Recognised {
  readonly beganMs: number;
  readonly transcript: Transcript | undefined;
}

/** What the stretches tell, on the timeline of an item that begins at `fromMs` and lasts `lengthMs`. */
export function speakersOf(
  stretches: readonly Recognised[],
  fromMs: number,
  lengthMs: number,
): Pick<FactOf<'transcript.final'>, 'segments' | 'voiceProfile' | 'languages'> {
  // A stretch is heard with some sound from before it, which may be from before the item.
  const within = (ms: number) => Math.min(lengthMs, Math.max(0, ms));
  const segments = stretches.flatMap(({ beganMs, transcript }) =>
    (transcript?.segments ?? []).map(({ text, startMs, endMs, speaker }) => ({
      text,
      speaker,
      startMs: within(beganMs - fromMs + startMs),
      endMs: within(beganMs - fromMs + endMs),
    })),
  );
  const heard = stretches.findLast(({ transcript }) => transcript?.voiceProfile)?.transcript?.voiceProfile;
  const told = stretches.flatMap(({ transcript }) => transcript?.languages ?? []);
  const tells = stretches.some(({ transcript }) => transcript?.languages);
  return {
    ...(segments.length === 0 ? {} : { segments }),
    ...(heard ? { voiceProfile: onTheWire(heard) } : {}),
    ...(tells ? { languages: [...new Set(told)] } : {}),
  };
}

function onTheWire({ vocalStyle, ...profile }: Heard): VoiceProfile {
  return vocalStyle ? { ...profile, vocal_style: vocalStyle } : profile;
}
