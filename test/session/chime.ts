// A feature that comes on top, in one file: a chime when a session has been quiet for ten seconds.
import type { Core, Guest } from '../../src/session/core.ts';
import { speechManner } from '../../src/session/settings/manner.ts';

const quietMs = 10_000;

interface Chime {
  /** Since when nobody has said anything; undefined once it has chimed. */
  sinceMs: number | undefined;
}

const own = (core: Core) => core.guests[chime.name] as Chime;

function stir(core: Core): void {
  own(core).sinceMs = core.now;
}

export const chime: Guest = {
  name: 'chime',
  begin: (): Chime => ({ sinceMs: 0 }),
  on: { client: stir, 'speech.began': stir, 'speech.paused': stir, 'run.audio': stir },
  wakeAt: (core) => {
    const { sinceMs } = own(core);
    return sinceMs === undefined ? undefined : sinceMs + quietMs;
  },
  afterStep: (core) => {
    const { sinceMs } = own(core);
    if (sinceMs === undefined || core.now < sinceMs + quietMs) return;
    own(core).sinceMs = undefined;
    const { voice, model, speed } = core.config.audio.output;
    core.effects.push({
      kind: 'aside.speak',
      order: {
        aside: 'chime_1',
        text: 'Ding.',
        voice,
        ttsModel: model,
        speed,
        manner: speechManner(core.config),
        format: { type: 'audio/pcm', rate: 24_000 },
        gain: 1,
      },
    });
  },
};
