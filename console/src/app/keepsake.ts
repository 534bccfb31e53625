// What the browser remembers from one visit to the next: the settings, without what opens other people's servers, and the way to connect.
import { readSettings, type Settings } from '../realtime/settings.ts';
import type { TransportKind } from '../transport/transport.ts';

interface Keepsake {
  readonly settings: Settings;
  readonly transport: TransportKind;
}

const settingsName = 'parley.settings';
const transportName = 'parley.transport';

/** What a session of the console has beyond the server's defaults: the user's words are shown. */
export const firstSettings: Settings = { audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe' } } } };

export function kept(): Keepsake {
  const text = localStorage.getItem(settingsName);
  return {
    settings: text === null ? firstSettings : readSettings(text),
    transport: localStorage.getItem(transportName) === 'websocket' ? 'websocket' : 'webrtc',
  };
}

export function keep({ settings, transport }: Keepsake): void {
  try {
    localStorage.setItem(settingsName, JSON.stringify(settings));
    localStorage.setItem(transportName, transport);
  } catch {
    // Full, or forbidden: the page works without a memory.
  }
}
