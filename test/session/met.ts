// What random sessions have met, so that a test of their rules can tell whether it was about anything.
import type { Effect } from '../../src/session/effects.ts';

/** What happened, and how often: a test of many facts that never meets what it is about proves nothing. */
export const met = {
  facts: 0,
  restored: 0,
  restoredHolding: 0,
  refused: 0,
  limited: 0,
  responses: 0,
  interrupted: 0,
  outOfBand: 0,
  calls: 0,
  expired: 0,
  timeouts: 0,
  transcribed: 0,
  listed: 0,
  unlisted: 0,
  mcpCompleted: 0,
  mcpFailed: 0,
  mcpAborted: 0,
  allowed: 0,
  approvalRequests: 0,
  onlyListening: 0,
  condensing: 0,
  condensed: 0,
  notCondensed: 0,
  remembered: 0,
  suggested: 0,
  acknowledged: 0,
  unacknowledged: 0,
  fillers: 0,
  returns: 0,
  aborted: 0,
  held: 0,
  adopted: 0,
  released: 0,
};

export function count(effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (effect.kind === 'close') met.expired += 1;
    if (effect.kind === 'run.abort') met.aborted += 1;
    if (effect.kind === 'mcp.abort') met.mcpAborted += 1;
    if (effect.kind === 'memory.condense') met.condensing += 1;
    if (effect.kind === 'memory.abort') met.notCondensed += 1;
    if (effect.kind === 'run.start' && effect.prompt.memory !== undefined) met.remembered += 1;
    if (effect.kind !== 'send') continue;
    const { event } = effect;
    if (event.type === 'input_audio_buffer.timeout_triggered') met.timeouts += 1;
    if (event.type === 'conversation.item.input_audio_transcription.completed') met.transcribed += 1;
    if (event.type === 'input_audio_buffer.turn_suggestion') met.suggested += 1;
    if ('session' in event && event.session.type === 'transcription') met.onlyListening += 1;
    if (event.type === 'response.backchannel.audio.done') met.acknowledged += 1;
    if (event.type === 'response.backchannel.skipped') met.unacknowledged += 1;
    if (event.type === 'mcp_list_tools.completed') met.listed += 1;
    if (event.type === 'mcp_list_tools.failed') met.unlisted += 1;
    if (event.type === 'response.mcp_call.completed') met.mcpCompleted += 1;
    if (event.type === 'response.mcp_call.failed') met.mcpFailed += 1;
    if (event.type === 'response.output_item.added') {
      if (event.item.type === 'mcp_call' && event.item.approval_request_id !== null) met.allowed += 1;
      if (event.item.type === 'mcp_approval_request') met.approvalRequests += 1;
    }
    if (event.type !== 'response.done') continue;
    met.responses += 1;
    if (event.response.conversation_id === null) met.outOfBand += 1;
    const details = event.response.status_details;
    if (details?.type === 'cancelled' && details.reason === 'turn_detected') met.interrupted += 1;
  }
}
