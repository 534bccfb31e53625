// Opens a tape, and says that one is being looked at.
import type { Console } from '../app/console.ts';
import { useStore } from './use-store.ts';
import type { Tape } from '../realtime/tape.ts';

const ends: Readonly<Record<Tape['end'], string>> = {
  over: '',
  cut: ', cut: more happened than could be written',
  broken: ', without an end: its server was ended first',
};

/** @param opens Whether a tape can be opened here. */
export function TapeBar({ parley, opens }: { parley: Console; opens: boolean }) {
  const opened = useStore(parley.state, ({ tape }) => tape);
  if (!opened) {
    if (!opens) return null;
    return (
      <p class="tape-bar">
        <label class="button small">
          Open a tape
          <input
            class="unseen"
            type="file"
            accept=".jsonl"
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file) void parley.openTape(file);
              currentTarget.value = '';
            }}
          />
        </label>
      </p>
    );
  }
  const { session, startedAt, lengthMs, version, end } = opened.tape;
  return (
    <p class="tape-bar" role="status">
      <span title={opened.name}>
        Tape of <code>{session}</code>,{' '}
        <span class="soft">
          {startedAt}, {(lengthMs / 1000).toFixed(1)} s, Parley {version}
          {ends[end]}
        </span>
      </span>
      <button type="button" class="button small" onClick={() => parley.closeTape()}>
        Put it away
      </button>
    </p>
  );
}
