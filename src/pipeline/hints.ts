// What may help a recogniser to guess right: the client's hints, and the words its tools are made of.
import type { SttOptions } from '../engines/engine.ts';
import { readProviderData } from '../protocol/provider-data/provider-data.ts';
import type { SessionConfig } from '../protocol/session-config.ts';

/** `key`: whose speech it is. */
export function sttOptions(config: SessionConfig, model: string, key: string): SttOptions {
  const { prompt: hint, keywords = [] } = config.audio.input.transcription ?? {};
  const { stt } = readProviderData(config.providerData);
  const prompt = [hint, stt?.prompt, keywords.join(', ')].filter(Boolean).join('\n');
  return {
    model,
    key,
    ...spokenLanguage(config),
    ...(prompt === '' ? {} : { prompt }),
    ...(stt?.voice_profile ? { voiceProfile: true } : {}),
    vocabulary: [
      ...keywords,
      ...config.tools.flatMap((tool) => (tool.type === 'function' ? [tool.name, ...enumeratedValues(tool.parameters)] : [])),
    ],
  };
}

/** What is spoken, where the client says so. */
export function spokenLanguage({ audio, providerData }: SessionConfig): { language?: string } {
  const { language: named, languages } = audio.input.transcription ?? {};
  // Of several languages any may be spoken: a recogniser is told of one only where there is one.
  const only = languages?.length === 1 ? languages[0] : undefined;
  const language = named ?? only ?? (languages?.length ? undefined : readProviderData(providerData).stt?.language_hints?.[0]);
  return language === undefined ? {} : { language };
}

function enumeratedValues(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'enum' && Array.isArray(value)) return value.filter((entry) => typeof entry === 'string');
    return enumeratedValues(value);
  });
}
