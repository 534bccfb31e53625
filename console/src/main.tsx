// The console's page: a conversation by voice or text with the server that served it, and what happens in it.
import './styles/tokens.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/conversation.css';
import './styles/dock.css';
import './styles/timeline.css';
import './styles/panel.css';
import './styles/calls.css';
import './styles/usage.css';
import './styles/routers.css';
import { render } from 'preact';
import { Calls } from './app/calls.ts';
import { Console } from './app/console.ts';
import { followPlace } from './app/place.ts';
import { Routers } from './app/routers.ts';
import { applyTheme, storedTheme } from './app/theme.ts';
import { Usage } from './app/usage.ts';
import { addressOfRouter } from './realtime/place.ts';
import { App } from './views/app.tsx';

applyTheme(storedTheme());
const parley = new Console();
const { voice } = parley;
const onLocked = () => void parley.arrive();
const calls = new Calls({ lend: () => voice.lend(), giveBack: () => voice.giveBack(), onLocked });
const usage = new Usage(onLocked);
const routers = new Routers({
  onLocked,
  usualModel: () => parley.state.get().catalogue?.models.find((id) => !id.startsWith('inworld/')) ?? 'auto',
  onGo: (open) => {
    location.hash = addressOfRouter(open);
  },
});
const root = document.getElementById('app');
if (root) render(<App parley={parley} calls={calls} usage={usage} routers={routers} place={followPlace()} />, root);
void parley.arrive();
