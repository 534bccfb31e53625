// Every setting that opens a service, for the documentation and for whoever checks what is set; and the names of the services that hear and speak.
import { earSettings } from './ears/discover.ts';
import { customEarRow, earTable } from './ears/rows.ts';
import { providerSettings } from './providers.ts';
import { voiceSettings } from './voices/discover.ts';
import { customVoiceRow, voiceRows } from './voices/rows.ts';

interface ServiceSetting {
  readonly name: string;
  readonly description: string;
}

/** A service that does several things has one key: it is described where it stands first. */
export const serviceSettings: readonly ServiceSetting[] = [...providerSettings, ...earSettings, ...voiceSettings].filter(
  ({ name }, index, all) => all.findIndex((other) => other.name === name) === index,
);

const namesOf = (rows: readonly { readonly prefix: string; readonly alsoKnownAs?: readonly string[] }[]) =>
  new Set(rows.flatMap(({ prefix, alsoKnownAs = [] }) => [prefix, ...alsoKnownAs]));

/** What may stand before the slash of an id, whether such a service is configured or not. */
export const speechServices: Readonly<Record<'stt' | 'tts', ReadonlySet<string>>> = {
  stt: namesOf([customEarRow, ...earTable]),
  tts: namesOf([customVoiceRow, ...voiceRows]),
};
