// Effects and client events as lines a person can read aloud: `<` sent, `>` received, `!` done, `*` reported by an engine.
import type { Item, McpCallError } from '../../protocol/items.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { ServerEvent } from '../../protocol/server-events.ts';
import type { Effect } from '../../session/effects.ts';
import type { Fact } from '../../session/facts.ts';
import type { Prompt, PromptTurn } from '../../protocol/prompt.ts';

const quoted = (text: string | null) => JSON.stringify(text);

export function clientLine(message: unknown): string {
  if (typeof message !== 'object' || message === null) return `> ${JSON.stringify(message)}`;
  const { type, ...rest } = message as Record<string, unknown>;
  const fields = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : '';
  return `> ${String(type)}${fields}`;
}

/** Undefined for what happens all the time and means nothing by itself. */
export function factLine(fact: Fact): string | undefined {
  switch (fact.kind) {
    case 'client':
    case 'client.fault':
    case 'audio.reached':
    case 'tick':
      return undefined;
    case 'speech.began':
    case 'speech.paused':
      return `* ${fact.kind} at ${fact.atMs}`;
    case 'turn.judged':
      return `* ${fact.kind} ${fact.item} ${fact.complete}${fact.unfinished ? ` ${fact.unfinished}` : ''}`;
    case 'transcript.partial':
    case 'transcript.final':
      return `* ${fact.kind} ${fact.item} ${quoted(fact.text)}`;
    case 'transcript.failed':
      return `* ${fact.kind} ${fact.item} ${fact.failure.code}`;
    case 'run.text':
      return `* ${fact.kind} ${fact.run} ${quoted(fact.delta)}`;
    case 'run.arguments':
      return `* ${fact.kind} ${fact.run} ${fact.callId} ${fact.delta}`;
    case 'run.audio':
      return `* ${fact.kind} ${fact.run} ${fact.ms} ms`;
    case 'run.call':
      return `* ${fact.kind} ${fact.run} ${fact.callId} ${fact.name}`;
    case 'run.usage':
      return `* ${fact.kind} ${fact.run} ${fact.usage.inputTokens} ${fact.usage.outputTokens}`;
    case 'run.alive':
      return `* ${fact.kind} ${fact.run}`;
    case 'run.attempt':
      return `* ${fact.kind} ${fact.run} ${fact.model} ${fact.reason ?? fact.outcome}`;
    case 'run.ended':
      return `* ${fact.kind} ${fact.run} ${fact.reason}`;
    case 'digit.pressed':
      return `* ${fact.kind} ${fact.digit}`;
    case 'line.lost':
      return `* ${fact.kind} silent for ${fact.silentMs} ms`;
    case 'line.taken-up':
      return `* ${fact.kind}`;
    case 'line.held':
      return `* ${fact.kind} ${fact.agoMs} ms ago`;
    case 'line.back':
      return `* ${fact.kind} without the last ${fact.unreceivedMs} ms${fact.played ? ` played ${fact.played.item} ${fact.played.ms} ms` : ''}${fact.speaker ? ' on a call' : ''}`;
    case 'speaker.played':
      return `* ${fact.kind} but ${fact.aheadMs} ms`;
    case 'aside.said':
      return `* ${fact.kind} ${fact.aside} ${quoted(fact.text)}`;
    case 'aside.spoken':
      return `* ${fact.kind} ${fact.aside} ${fact.ms} ms`;
    case 'aside.failed':
      return `* ${fact.kind} ${fact.aside}`;
    case 'mcp.listed':
      return `* ${fact.kind} ${fact.item} [${fact.tools.map(({ name }) => name).join(' ')}]`;
    case 'mcp.unlisted':
      return `* ${fact.kind} ${fact.item}`;
    case 'memory.condensed':
      return `* ${fact.kind} #${fact.order} ${JSON.stringify(fact.summary)} [${(fact.facts ?? []).join(' | ')}]`;
    case 'memory.failed':
      return `* ${fact.kind} #${fact.order}`;
    case 'mcp.ended':
      return `* ${fact.kind} ${fact.item}${outcomeText(fact.outcome)}`;
  }
}

function outcomeText(outcome: { output?: string | null; error?: McpCallError | null }): string {
  if (outcome.error) return ` ${outcome.error.type} ${quoted(outcome.error.message)}`;
  return outcome.output == null ? '' : ` ${quoted(outcome.output)}`;
}

/** The effects of one step. That a run is its response's says nothing where the response has begun it. */
export function effectLines(effects: readonly Effect[]): string[] {
  const begun = new Set(effects.flatMap((effect) => (effect.kind === 'run.start' ? effect.order.run : [])));
  return effects.filter((effect) => effect.kind !== 'run.adopted' || !begun.has(effect.run)).map(effectLine);
}

export function effectLine(effect: Effect): string {
  switch (effect.kind) {
    case 'send':
      return `< ${eventText(effect.event)}`;
    case 'send.audio':
      return `< response.output_audio.delta ${effect.response} ${effect.item} ${effect.bytes.length} bytes${effect.timestamps ? ' timed' : ''}`;
    case 'send.retrieved':
      return `< ${effect.event.type} ${itemText(effect.event.item)}`;
    case 'run.start': {
      const { run, modality, voice, maxOutputTokens, itemsLeftOut } = effect.order;
      const most = maxOutputTokens === undefined ? '' : ` at most ${maxOutputTokens} tokens`;
      const without = itemsLeftOut === 0 ? '' : ` without ${itemsLeftOut} items`;
      return `! run.start ${run} ${modality}${modality === 'audio' ? ` ${voice}` : ''}${most}${without} ${promptText(effect.prompt)}`;
    }
    case 'run.abort':
      return `! run.abort ${effect.run}`;
    case 'run.adopted':
      return `! run.adopted ${effect.run} by ${effect.response}`;
    case 'aside.ask':
      return `! aside.ask ${effect.order.aside} ${effect.order.model} ${promptText(effect.prompt)}`;
    case 'aside.speak':
      return `! aside.speak ${effect.order.aside} ${effect.order.voice} ${quoted(effect.order.text)}`;
    case 'aside.abort':
      return `! aside.abort ${effect.aside}`;
    case 'send.limits':
      return '< rate_limits.updated';
    case 'send.backchannel':
      return `< response.backchannel.audio.delta ${effect.id} ${effect.bytes.length} bytes`;
    case 'listen.configure': {
      const { format, turn_detection } = effect.config.audio.input;
      return `! listen.configure ${format.type} ${turn_detection?.type ?? 'manual'}`;
    }
    case 'listen.begin':
      return `! listen.begin ${effect.item} from ${effect.fromMs}`;
    case 'listen.commit':
      return `! listen.commit ${effect.item} ${effect.fromMs}-${effect.toMs}`;
    case 'listen.clear':
      return '! listen.clear';
    case 'transcribe':
      return `! transcribe ${effect.item}`;
    case 'judge.turn':
      return `! judge.turn ${effect.item} after ${effect.silenceMs} ms of silence`;
    case 'item.forget':
      return `! item.forget ${effect.item}`;
    case 'mcp.configure':
      return `! mcp.configure [${effect.servers.map(({ server_label }) => server_label).join(' ')}]`;
    case 'mcp.list':
      return `! mcp.list ${effect.item} ${effect.label}`;
    case 'mcp.call':
      return `! mcp.call ${effect.item} ${effect.label}.${effect.name}(${effect.arguments})`;
    case 'mcp.abort':
      return `! mcp.abort ${effect.item}`;
    case 'unserved':
      return `! unserved ${effect.what.join(', ')}`;
    case 'line.resume':
      return `! line.resume ${effect.leftMs} ms left`;
    case 'speaker.clear':
      return '! speaker.clear';
    case 'memory.condense':
      return `! memory.condense #${effect.order} ${effect.said.length} turns`;
    case 'memory.abort':
      return `! memory.abort ${effect.why}`;
    case 'close':
      return `! close ${effect.code} ${effect.reason}`;
  }
}

function eventText(event: ServerEvent): string {
  switch (event.type) {
    case 'session.resumed':
      return `${event.type} ${event.session_id}`;
    case 'session.created':
    case 'session.updated': {
      if (event.session.type === 'transcription') {
        const { transcription, turn_detection } = event.session.audio.input;
        return `${event.type} transcription ${transcription?.model} ${turn_detection?.type ?? 'manual'}`;
      }
      const { model, audio, providerData } = event.session;
      const state = readProviderData(providerData).memory?.state;
      const memory = state ? ` memory version ${state.version}` : '';
      return `${event.type} ${model} ${audio.output.voice} ${audio.input.turn_detection?.type ?? 'manual'}${memory}`;
    }
    case 'error': {
      const { code, param, event_id } = event.error;
      return `error ${code}${param === null ? '' : ` param ${param}`}${event_id === null ? '' : ` of ${event_id}`}`;
    }
    case 'conversation.created':
      return `${event.type} ${event.conversation.id}`;
    case 'conversation.item.added':
    case 'conversation.item.done':
      return `${event.type} ${itemText(event.item)} after ${event.previous_item_id}`;
    case 'conversation.item.retrieved':
      return `${event.type} ${itemText(event.item)}`;
    case 'conversation.item.truncated':
      return `${event.type} ${event.item_id} at ${event.audio_end_ms}`;
    case 'conversation.item.deleted':
      return `${event.type} ${event.item_id}`;
    case 'conversation.item.input_audio_transcription.delta':
      return `${event.type} ${event.item_id} ${quoted(event.delta)}`;
    case 'conversation.item.input_audio_transcription.completed':
      return `${event.type} ${event.item_id} ${quoted(event.transcript)}`;
    case 'conversation.item.input_audio_transcription.segment':
      return `${event.type} ${event.item_id} ${event.speaker} ${event.start}-${event.end} ${quoted(event.text)}`;
    case 'conversation.item.input_audio_transcription.failed':
      return `${event.type} ${event.item_id} ${event.error.code}`;
    case 'input_audio_buffer.committed':
      return `${event.type} ${event.item_id} after ${event.previous_item_id}`;
    case 'input_audio_buffer.cleared':
    case 'rate_limits.updated':
      return event.type;
    case 'input_audio_buffer.speech_started':
      return `${event.type} ${event.item_id} at ${event.audio_start_ms}`;
    case 'input_audio_buffer.speech_stopped':
      return `${event.type} ${event.item_id} at ${event.audio_end_ms}`;
    case 'input_audio_buffer.timeout_triggered':
      return `${event.type} ${event.item_id} ${event.audio_start_ms}-${event.audio_end_ms}`;
    case 'input_audio_buffer.dtmf_event_received':
      return `${event.type} ${event.event} at ${event.received_at}`;
    case 'output_audio_buffer.started':
    case 'output_audio_buffer.stopped':
    case 'output_audio_buffer.cleared':
      return `${event.type} ${event.response_id}`;
    case 'input_audio_buffer.turn_suggestion':
      return `${event.type} ${event.item_id} #${event.utterance_index} ${event.probability} after ${event.trailing_silence_ms} ms of silence`;
    case 'input_audio_buffer.turn_suggestion_revoked':
      return `${event.type} ${event.item_id} #${event.utterance_index}`;
    case 'response.created': {
      const { id, conversation_id, metadata } = event.response;
      return `${event.type} ${id}${conversation_id === null ? ' out of band' : ''}${metadata ? ` ${JSON.stringify(metadata)}` : ''}`;
    }
    case 'response.done': {
      const { id, status, status_details: details, output } = event.response;
      const why = details && 'reason' in details ? ` ${details.reason}` : details && 'error' in details ? ` ${details.error.code}` : '';
      return `${event.type} ${id} ${status}${why} [${output.map((item) => item.id).join(' ')}]`;
    }
    case 'response.output_item.added':
    case 'response.output_item.done':
      return `${event.type} ${event.response_id} #${event.output_index} ${itemText(event.item)}`;
    case 'response.content_part.added':
    case 'response.content_part.done':
      return `${event.type} ${event.response_id} ${event.item_id} ${event.part.type}`;
    case 'response.output_text.delta':
    case 'response.output_audio_transcript.delta':
      return `${event.type} ${event.response_id} ${event.item_id} ${quoted(event.delta)}`;
    case 'response.output_audio.delta':
      return `${event.type} ${event.response_id} ${event.item_id} ${JSON.stringify(event.timestamp_info)}`;
    case 'response.output_audio.done':
      return `${event.type} ${event.response_id} ${event.item_id}`;
    case 'response.output_text.done':
      return `${event.type} ${event.response_id} ${event.item_id} ${quoted(event.text)}`;
    case 'response.output_audio_transcript.done':
      return `${event.type} ${event.response_id} ${event.item_id} ${quoted(event.transcript)}`;
    case 'response.function_call_arguments.delta':
      return `${event.type} ${event.response_id} ${event.call_id} ${event.delta}`;
    case 'response.function_call_arguments.done':
      return `${event.type} ${event.response_id} ${event.call_id} ${event.name} ${event.arguments}`;
    case 'response.mcp_call_arguments.delta':
      return `${event.type} ${event.response_id} ${event.item_id} ${event.delta}`;
    case 'response.mcp_call_arguments.done':
      return `${event.type} ${event.response_id} ${event.item_id} ${event.arguments}`;
    case 'response.backchannel.audio.delta':
      return `${event.type} ${event.backchannel_id}`;
    case 'response.backchannel.audio.done':
      return `${event.type} ${event.backchannel_id} ${quoted(event.phrase)}`;
    case 'response.backchannel.skipped':
      return `${event.type} ${event.reason}`;
    case 'response.mcp_call.in_progress':
    case 'response.mcp_call.completed':
    case 'response.mcp_call.failed':
      return `${event.type} ${event.item_id} #${event.output_index}`;
    case 'mcp_list_tools.in_progress':
    case 'mcp_list_tools.completed':
    case 'mcp_list_tools.failed':
      return `${event.type} ${event.item_id}`;
  }
}

function itemText(item: Item): string {
  switch (item.type) {
    case 'function_call':
      return `${item.id} call ${item.call_id} ${item.name} ${item.status}`;
    case 'function_call_output':
      return `${item.id} output of ${item.call_id} ${quoted(item.output)}`;
    case 'mcp_list_tools':
      return `${item.id} tools of ${item.server_label} [${item.tools.map(({ name }) => name).join(' ')}]`;
    case 'mcp_call': {
      const leave = item.approval_request_id === null ? '' : ` allowed by ${item.approval_request_id}`;
      return `${item.id} mcp call ${item.server_label}.${item.name}(${item.arguments})${leave}${outcomeText(item)}`;
    }
    case 'mcp_approval_request':
      return `${item.id} may I ${item.server_label}.${item.name}(${item.arguments})`;
    case 'mcp_approval_response':
      return `${item.id} ${item.approve ? 'yes' : 'no'} to ${item.approval_request_id}${item.reason === null ? '' : ` ${quoted(item.reason)}`}`;
    case 'message': {
      const parts = item.content.map((part) => {
        if ('text' in part) return quoted(part.text);
        return 'transcript' in part ? `${part.type} ${quoted(part.transcript)}` : part.type;
      });
      return `${item.id} ${item.role} ${item.status}${parts.length > 0 ? ` ${parts.join(' + ')}` : ''}`;
    }
  }
}

/** What the model is told, one bracket for each turn. */
export function promptText(prompt: Prompt): string {
  const memory = prompt.memory === undefined ? [] : [`memory: ${JSON.stringify(prompt.memory)}`];
  return `{${[...memory, ...prompt.turns.map(turnText)].join(' | ')}}`;
}

function turnText(turn: PromptTurn): string {
  switch (turn.role) {
    case 'call':
      return `call ${turn.callId} ${turn.name}(${turn.arguments})`;
    case 'result':
      return `result ${turn.callId} ${turn.output}`;
    case 'assistant':
      return `assistant: ${turn.text}${turn.interrupted ? '…' : ''}`;
    case 'system':
    case 'user':
      return `${turn.role}: ${turn.parts.map((part) => (part.type === 'text' ? part.text : '(image)')).join(' + ')}`;
  }
}
