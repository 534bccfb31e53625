// What may help a recogniser to guess right: the client's hints, and the words its tools are made of.
import type { Origin, SttOptions } from '../engines/engine.ts';
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import type { SessionConfig } from '../protocol/session-config.ts';

/** `origin`: whose speech it is. */
export function sttOptions(config: SessionConfig, model: string, origin: Origin): SttOptions {
  const { prompt: hint, keywords = [] } = config.audio.input.transcription ?? {};
  const { stt } = readProviderData(config.providerData);
  const prompt = [hint, stt?.prompt, keywords.join(', ')].filter(Boolean).join('\n');
  return {
    model,
    origin,
    ...spokenLanguages(config),
    ...(prompt === '' ? {} : { prompt }),
    ...(stt?.voice_profile ? { voiceProfile: true } : {}),
    vocabulary: [
      ...keywords,
      ...config.tools.flatMap((tool) => (tool.type === 'function' ? [tool.name, ...enumeratedValues(tool.parameters)] : [])),
    ],
  };
}

/** What is spoken, where the client says so: one language, or any of several; `auto` is any at all. */
export function spokenLanguages({ audio, providerData }: SessionConfig): Pick<SttOptions, 'language' | 'languages'> {
  const { language: named, languages = [] } = audio.input.transcription ?? {};
  const several = languages.length > 0 ? languages : (readProviderData(providerData).stt?.language_hints ?? []);
  const [language, ...more] = named === undefined ? several : [named];
  if (language === undefined) return {};
  if ([language, ...more].some((each) => each.toLowerCase() === 'auto')) return { languages: [] };
  return more.length === 0 ? { language } : { languages: [language, ...more] };
}

function enumeratedValues(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'enum' && Array.isArray(value)) return value.filter((entry) => typeof entry === 'string');
    return enumeratedValues(value);
  });
}
