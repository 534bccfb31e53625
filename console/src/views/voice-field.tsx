// Which voice answers and how fast, with a button to hear it first.
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchSample } from '../app/server.ts';
import { useStore } from '../app/store.ts';
import { at } from '../realtime/settings.ts';
import { Field, RangeField } from './fields.tsx';
import { PlayIcon } from './icons.tsx';
import type { PartProps } from './part-props.ts';

export function VoiceField({ parley, session }: PartProps) {
  const catalogue = useStore(parley.state, (state) => state.catalogue);
  const [sampling, setSampling] = useState<'no' | 'yes' | 'failed'>('no');
  const sound = useRef<HTMLAudioElement>(undefined);
  useEffect(() => () => sound.current?.pause(), []);
  const set = at(session, 'audio', 'output', 'voice');
  const value = typeof set === 'string' ? set : (catalogue?.default_voice ?? '');
  const voices = catalogue?.voices ?? [];
  const known = voices.find(({ id }) => id.toLowerCase() === value.toLowerCase());
  const speed = at(session, 'audio', 'output', 'speed');
  const sample = async () => {
    if (!known) return;
    setSampling('yes');
    try {
      const url = URL.createObjectURL(new Blob([await fetchSample(known.id)], { type: 'audio/wav' }));
      sound.current?.pause();
      const audio = new Audio(url);
      sound.current = audio;
      audio.addEventListener('ended', () => URL.revokeObjectURL(url));
      await audio.play();
      setSampling('no');
    } catch {
      setSampling('failed');
    }
  };
  return (
    <>
      <Field label="Voice" hint={sampling === 'failed' ? 'This voice could not be heard.' : known?.description}>
        {(id) => (
          <span class="with-button">
            <select
              id={id}
              value={known?.id ?? value}
              onChange={({ currentTarget }) => parley.desk.configure(['audio', 'output', 'voice'], currentTarget.value)}
            >
              {!known && <option value={value}>{value}</option>}
              {voices.map((voice) => (
                <option key={voice.id} value={voice.id}>
                  {voice.name} ({voice.language}, {voice.gender})
                </option>
              ))}
            </select>
            <button type="button" class="button" disabled={!known || sampling === 'yes'} onClick={() => void sample()}>
              <PlayIcon />
              <span>Hear it</span>
            </button>
          </span>
        )}
      </Field>
      <RangeField
        label="Speed"
        min={0.5}
        max={1.5}
        step={0.05}
        unit="×"
        value={typeof speed === 'number' ? speed : 1}
        onChange={(next) => parley.desk.configure(['audio', 'output', 'speed'], next)}
      />
    </>
  );
}
