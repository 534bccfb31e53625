// The top line: whose page it is, how the connection stands, which way it goes, and light or dark.
import { useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { type Activity, activityOf } from '../app/state.ts';
import { addressOfCall, addressOfRouter, addressOfUsage, type Place } from '../realtime/place.ts';
import { useStore } from './use-store.ts';
import { applyTheme, storedTheme, type Theme, themes } from '../app/theme.ts';
import { MoonIcon, SunIcon, SystemIcon } from './icons.tsx';

const words: Readonly<Record<Activity, string>> = {
  idle: 'Not connected',
  connecting: 'Connecting …',
  reconnecting: 'Reconnecting …',
  locked: 'Needs a key',
  listening: 'Listening',
  hearing: 'Hearing you',
  thinking: 'Thinking',
  speaking: 'Speaking',
  ready: 'Connected',
};

const pages: readonly (readonly [Place['page'], string, string])[] = [
  ['talk', '#', 'Conversation'],
  ['calls', addressOfCall(), 'Calls'],
  ['usage', addressOfUsage, 'Usage'],
  ['routers', addressOfRouter(), 'Routers'],
];

const themeIcons = { system: SystemIcon, light: SunIcon, dark: MoonIcon };

export function Header({ parley, page }: { parley: Console; page: Place['page'] }) {
  const activity = useStore(parley.state, activityOf);
  const idle = activity === 'idle' || activity === 'locked';
  return (
    <header class="header">
      <h1 class="brand">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        Parley
      </h1>
      <nav class="pages" aria-label="Pages">
        {pages.map(([each, address, name]) => (
          <a key={each} href={address} aria-current={page === each ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <p class="status" role="status" data-activity={activity}>
        {page !== 'talk' && activity === 'idle' ? '' : words[activity]}
      </p>
      <Engines parley={parley} />
      {page === 'talk' && <TransportChoice parley={parley} idle={idle} />}
      <ThemeButton />
      <a class="quiet-link" href="/docs" target="_blank" rel="noreferrer">
        Docs
      </a>
    </header>
  );
}

/** How the page's own conversation is connected. */
function TransportChoice({ parley, idle }: { parley: Console; idle: boolean }) {
  const transport = useStore(parley.state, (state) => state.transport);
  const webrtc = useStore(parley.state, ({ catalogue }) => catalogue?.webrtc === true);
  return (
    <fieldset class="segments" disabled={!idle} title={idle ? undefined : 'End the conversation to change this'}>
      <legend class="unseen">Connect by</legend>
      {(['webrtc', 'websocket'] as const).map((kind) => (
        <label key={kind} title={kind === 'webrtc' && !webrtc ? 'This server takes no WebRTC calls' : undefined}>
          <input
            type="radio"
            name="transport"
            checked={transport === kind}
            disabled={kind === 'webrtc' && !webrtc}
            onChange={() => parley.desk.setTransport(kind)}
          />
          <span>{kind === 'webrtc' ? 'WebRTC' : 'WebSocket'}</span>
        </label>
      ))}
    </fieldset>
  );
}

const roles: Readonly<Record<string, string>> = { stt: 'Hears', tts: 'Speaks', turn: 'Judges the ends of turns' };

/** Who hears, speaks and judges; marked where that is not who should. */
function Engines({ parley }: { parley: Console }) {
  const engines = useStore(parley.state, ({ catalogue }) => catalogue?.engines);
  const shown = engines?.filter(({ kind }) => roles[kind] !== undefined) ?? [];
  if (shown.length === 0) return null;
  return (
    <ul class="engines" aria-label="Engines">
      {shown.map(({ kind, name, problem }) => (
        <li key={kind} data-problem={problem !== undefined} title={problem ?? roles[kind]}>
          {name.replace(' (embedded)', '')}
        </li>
      ))}
    </ul>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const Icon = themeIcons[theme];
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  const change = () => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <button
      type="button"
      class="icon-button"
      onClick={change}
      aria-label={`Colours: ${theme}. Change to ${next}`}
      title={`Colours: ${theme}`}
    >
      <Icon />
    </button>
  );
}
