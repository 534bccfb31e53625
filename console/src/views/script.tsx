// What has been said, as a script: who to the left, the words to the right.
import type { Entry, Message } from '../realtime/conversation.ts';
import { divide } from '../realtime/heard.ts';
import { originOf, type Turn } from '../realtime/turns.ts';
import { ApprovalEntry, FunctionEntry, McpEntry, ToolsEntry } from './tool-entries.tsx';

export interface ScriptProps {
  entries: readonly Entry[];
  turns: readonly Turn[];
  speakers: Readonly<Record<Message['role'], string>>;
  onTurn: (number: number) => void;
  /** Where it is not for whoever looks at the script to answer calls and to give leave, it is not asked for. */
  onAnswer?: (callId: string, output: string) => void;
  onDecide?: (requestId: string, approve: boolean) => void;
}

export function Script({ entries, turns, ...props }: ScriptProps) {
  return (
    <ol class="script">
      {entries.map((entry) => (
        <li key={entry.id} class={`entry entry-${entry.kind}`} data-role={entry.kind === 'message' ? entry.role : undefined}>
          <EntryView entry={entry} turn={turnOf(entry, turns)} {...props} />
        </li>
      ))}
    </ol>
  );
}

function turnOf(entry: Entry, turns: readonly Turn[]): Turn | undefined {
  if (entry.kind !== 'message' || entry.role !== 'assistant' || entry.responseId === undefined) return undefined;
  const { responseId } = entry;
  return turns.findLast(({ responseIds }) => responseIds.includes(responseId));
}

interface EntryProps extends Omit<ScriptProps, 'entries' | 'turns'> {
  entry: Entry;
  turn: Turn | undefined;
}

function EntryView({ entry, speakers, turn, onTurn, onAnswer, onDecide }: EntryProps) {
  switch (entry.kind) {
    case 'message':
      return <MessageView message={entry} speakers={speakers} turn={turn} onTurn={onTurn} />;
    case 'call':
      return <FunctionEntry call={entry} onAnswer={onAnswer && ((output) => onAnswer(entry.callId, output))} />;
    case 'mcp_call':
      return <McpEntry call={entry} />;
    case 'approval':
      return <ApprovalEntry approval={entry} onDecide={onDecide && ((approve) => onDecide(entry.id, approve))} />;
    case 'tools':
      return <ToolsEntry list={entry} />;
    case 'notice':
      return <p class="notice">{entry.text}</p>;
  }
}

interface MessageProps extends Pick<ScriptProps, 'speakers' | 'onTurn'> {
  message: Message;
  turn: Turn | undefined;
}

function MessageView({ message, speakers, turn, onTurn }: MessageProps) {
  const origin = turn && originOf(turn);
  const first = turn?.marks.firstAudio ?? turn?.marks.firstToken;
  const waitMs = origin === undefined || first === undefined ? undefined : Math.round(first - origin);
  return (
    <>
      <p class="speaker">{speakers[message.role]}</p>
      <div class="words" data-state={message.state}>
        <p>
          <Words message={message} />
        </p>
        {message.state === 'failed' && <p class="bad">{message.problem ?? 'This failed.'}</p>}
        {turn && waitMs !== undefined && (
          <button
            type="button"
            class="turn-chip"
            onClick={() => onTurn(turn.number)}
            aria-label={`First sound after ${waitMs} milliseconds. Show turn ${turn.number} in the timeline`}
          >
            {waitMs} ms
          </button>
        )}
      </div>
    </>
  );
}

function Words({ message }: { message: Message }) {
  const { text, kept, state, role } = message;
  if (state === 'listening' && text === '') {
    return (
      <span class="dots" role="img" aria-label={role === 'user' ? 'Being heard' : 'Answering'}>
        <i />
        <i />
        <i />
      </span>
    );
  }
  if (text === '' && state === 'done') return <em class="soft">No words were recognised.</em>;
  if (kept === undefined || state !== 'interrupted') {
    return (
      <>
        {text}
        {state === 'partial' && role === 'user' && <span class="soft"> …</span>}
      </>
    );
  }
  const { heard, unheard } = divide(text, kept);
  return (
    <>
      {heard}
      {unheard !== '' && ' '}
      {unheard !== '' && (
        <del title="Not heard: the answer was interrupted">
          <span class="unseen">, not heard: </span>
          {unheard.trim()}
        </del>
      )}
    </>
  );
}
