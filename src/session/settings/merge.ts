// How a partial change is laid over the settings there are: objects merge, arrays and formats are replaced, null clears.
import { mergedProviderData } from '../../protocol/provider-data/merge.ts';
import {
  type NoiseReduction,
  semanticVadDefaults,
  serverVadDefaults,
  type SessionConfig,
  type SessionPatch,
  type Transcription,
  type TurnDetection,
  type TurnDetectionPatch,
} from '../../protocol/session-config.ts';
import { present } from './present.ts';
import { providerOf } from './voice-choice.ts';

/** The configuration with the patch laid over it: objects merge, arrays and formats are replaced, null clears. */
export function merged(config: SessionConfig, patch: SessionPatch, detectionYields: boolean): SessionConfig {
  const { audio, temperature, providerData, ...rest } = patch;
  const input = audio?.input;
  const { temperature: oldTemperature, providerData: oldProviderData, ...old } = config;
  const newTemperature = temperature === undefined ? oldTemperature : (temperature ?? undefined);
  const newProviderData = providerData ? mergedProviderData(oldProviderData ?? {}, providerData) : oldProviderData;
  return {
    ...old,
    ...present(rest),
    ...(newTemperature === undefined ? {} : { temperature: newTemperature }),
    ...(newProviderData === undefined ? {} : { providerData: newProviderData }),
    audio: {
      input: {
        ...config.audio.input,
        ...(input?.format ? { format: input.format } : {}),
        ...(input?.noise_reduction === undefined
          ? {}
          : { noise_reduction: mergedNoiseReduction(config.audio.input.noise_reduction, input.noise_reduction) }),
        transcription: mergedTranscription(patch.type ?? config.type, config.audio.input.transcription, input?.transcription),
        turn_detection: nextDetection(config.audio.input.turn_detection, input, detectionYields),
      },
      output: mergedOutput(config.audio.output, audio?.output),
    },
  };
}

/** A voice that is named with its provider brings its provider's usual model, unless a model is named beside it. */
function mergedOutput(
  old: SessionConfig['audio']['output'],
  patch: NonNullable<SessionPatch['audio']>['output'] = {},
): SessionConfig['audio']['output'] {
  const provider = patch.model === undefined && patch.voice !== undefined ? providerOf(patch.voice) : undefined;
  return { ...old, ...present(patch), ...(provider === undefined ? {} : { model: provider }) };
}

/** The model's name where a client wants words and names none: one that every published list has. */
export const anyTranscriptionModel = 'whisper-1';

function mergedTranscription(
  type: SessionConfig['type'],
  old: Transcription | null,
  patch: NonNullable<NonNullable<SessionPatch['audio']>['input']>['transcription'],
): Transcription | null {
  if (patch === undefined) return old ?? (type === 'transcription' ? { model: anyTranscriptionModel } : null);
  if (patch === null) return null;
  const result: Transcription = { ...old, model: patch.model ?? old?.model ?? anyTranscriptionModel };
  const { model: _, ...rest } = patch;
  for (const [key, value] of Object.entries(rest)) {
    if (value === null) delete result[key as keyof typeof rest];
    else if (value !== undefined) Object.assign(result, { [key]: value });
  }
  return result;
}

type InputPatch = NonNullable<NonNullable<SessionPatch['audio']>['input']>;

/**
 * A client of Inworld's that finds the turns itself says so by leaving `turn_detection` out of an input that is whole otherwise: pipecat
 * drops every null. That switches off only the detection that Inworld's defaults brought, and only while no client has set
 * `turn_detection` (docs/decisions/0015-turns-of-the-clients-own.md).
 */
function nextDetection(old: TurnDetection, input: InputPatch | undefined, yields: boolean): TurnDetection {
  if (input?.turn_detection !== undefined) return mergedDetection(old, input.turn_detection);
  return yields && input?.format && input.transcription ? null : old;
}

/** A strength that nothing is said about stays; where there is no noise reduction yet, a strength alone begins it, and an empty object does not. */
function mergedNoiseReduction(
  old: NoiseReduction | null,
  patch: NonNullable<NonNullable<SessionPatch['audio']>['input']>['noise_reduction'],
): NoiseReduction | null {
  if (!patch) return null;
  const said = present(patch);
  return Object.keys(said).length > 0 ? { type: 'near_field', ...old, ...said } : old;
}

function mergedDetection(old: TurnDetection, patch: TurnDetectionPatch): TurnDetection {
  if (patch === null) return null;
  const type = patch.type ?? old?.type ?? 'server_vad';
  // Another kind of detection starts from its own defaults; the two switches are common to both and stay.
  const common = old ? { create_response: old.create_response, interrupt_response: old.interrupt_response } : {};
  const base = old?.type === type ? old : { ...(type === 'server_vad' ? serverVadDefaults : semanticVadDefaults), ...common };
  const result: Record<string, unknown> = { ...base };
  for (const key of Object.keys(base)) {
    const value = patch[key as keyof typeof patch];
    if (value !== undefined) result[key] = value;
  }
  return { ...result, type } as TurnDetection;
}
