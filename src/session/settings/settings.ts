// session.update: a partial change, made whole or refused whole. Also how a session's settings become one response's.
import type { ClientEvents } from '../../protocol/client-events.ts';
import { errors } from '../../protocol/errors.ts';
import { type SessionConfig, type SessionObject, type SessionPatch, type Tool } from '../../protocol/session-config.ts';
import { unservedOf } from '../../protocol/unserved.ts';
import type { Birth } from '../birth.ts';
import { type Core, send, tell } from '../core.ts';
import type { Known } from '../known.ts';
import { keptSettings } from '../questions.ts';
import { check, checkVoiceLock } from './check.ts';
import { checkLocked } from './manner.ts';
import { merged } from './merge.ts';
import { promptText } from './stored-prompt.ts';

/** A session as its client sees it. */
export function describeSession(own: { id: string; expires_at: number }, whole: SessionConfig): SessionObject {
  const { type, tools, ...rest } = structuredClone(whole);
  const config = { ...rest, tools: tools.map(withoutSecrets) };
  if (type === 'realtime') return { type, object: 'realtime.session', ...own, ...config };
  return { type, object: 'realtime.transcription_session', ...own, include: config.include, audio: { input: config.audio.input } };
}

export function sessionObject({ birth, life, config }: Core): SessionObject {
  return describeSession({ id: birth.sessionId, expires_at: life.expiresAt }, config);
}

/**
 * A configuration with a client's patch over it, before there is a session: what an ephemeral secret or a call brings along. `promptText`
 * is that of the stored prompt, where the patch names one.
 * @param detectionYields The detection is Inworld's default, and no client has named one.
 * @throws RealtimeError naming the field that cannot be used.
 */
export function configured(
  config: SessionConfig,
  patch: SessionPatch,
  known: Known,
  detectionYields: boolean,
): { config: SessionConfig; promptText: string | undefined } {
  const next = merged(config, patch, detectionYields);
  check(next, known, patch);
  return { config: next, promptText: givenPromptText(known, patch) };
}

/** The text of the stored prompt that a patch names; empty where it takes one away, undefined where it says nothing of it. */
function givenPromptText(known: Known, { prompt }: SessionPatch): string | undefined {
  return prompt ? promptText(known.prompt, prompt, 'session.prompt') : prompt === null ? '' : undefined;
}

/** On a call the sound is the call's, and comes to us and leaves us in one format, whatever a client asks for. */
export function inOwnFormats({ speaker }: Pick<Birth, 'speaker'>, config: SessionConfig): SessionConfig {
  if (!speaker) return config;
  const { format } = speaker;
  const { input, output } = config.audio;
  return { ...config, audio: { input: { ...input, format }, output: { ...output, format } } };
}

/** What opens an MCP server is never told again. A connector of ours is none of those that the published types know, and no client could decode it. */
function withoutSecrets(tool: Tool): Tool {
  if (tool.type !== 'mcp') return tool;
  const { authorization: _, headers: __, connector_id: ___, ...shown } = tool;
  return shown;
}

/** A session may change its type as long as nothing has happened in it: a client may only now say what it wants. */
function checkType(core: Core, type: SessionConfig['type'] | undefined): void {
  if (type === undefined || type === core.config.type) return;
  const fresh = core.conversation.entries.length === 0 && core.live.length === 0 && core.input.receivedMs === 0;
  if (!fresh) throw errors.invalid('session.type', `A session's type cannot be changed; this one is '${core.config.type}'.`);
}

export function updateSession(core: Core, event: ClientEvents['session.update'], known: Known): void {
  checkType(core, event.session.type);
  const next = inOwnFormats(core, merged(core.config, event.session, core.birth.inworld && !core.detectionNamed));
  check(next, known, event.session);
  checkLocked(core, next);
  checkVoiceLock(core, next.audio.output.voice);
  core.promptText = givenPromptText(known, event.session) ?? core.promptText;
  // Under other rules what was left out may be told again.
  if (JSON.stringify(next.truncation) !== JSON.stringify(core.config.truncation))
    for (const entry of core.conversation.entries) entry.leftOut = false;
  core.config = keptSettings(core, next);
  if (namesDetection(event.session)) core.detectionNamed = true;
  core.effects.push({ kind: 'listen.configure', config: next });
  send(core, { type: 'session.updated', session: sessionObject(core) });
  tell(core, { kind: 'session.configured', toolsNamed: event.session.tools !== undefined });
  tellUnserved(core, unservedOf(next));
}

/** What is accepted and shown, and that nobody acts upon. */
export function tellUnserved(core: Core, what: readonly string[]): void {
  if (what.length > 0) core.effects.push({ kind: 'unserved', what });
}

/** Whether a client says with this which detection it wants, or that it wants none. */
export function namesDetection({ audio }: SessionPatch): boolean {
  return audio?.input?.turn_detection !== undefined;
}
