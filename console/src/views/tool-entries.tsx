// Tools in the conversation: calls that somebody has to answer, calls the server makes, leave to make them, and lists of tools.
import { useState } from 'preact/hooks';
import type { Approval, FunctionCalled, McpCalled, ToolList } from '../realtime/conversation.ts';
import { ToolIcon } from './icons.tsx';

/** JSON so that it can be read, whatever it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Arguments({ text }: { text: string }) {
  return text === '' || text === '{}' ? null : <pre class="data">{pretty(text)}</pre>;
}

export function FunctionEntry({ call, onAnswer }: { call: FunctionCalled; onAnswer: ((output: string) => void) | undefined }) {
  const [output, setOutput] = useState('{"ok": true}');
  const waiting = onAnswer ? 'waits for your answer' : 'waits for its answer';
  const states = { writing: 'being called …', waiting, answered: 'answered', interrupted: 'interrupted' };
  return (
    <div class="card" data-state={call.state}>
      <p class="card-title">
        <ToolIcon /> <code>{call.name}</code> <span class="soft">{states[call.state]}</span>
      </p>
      <Arguments text={call.args} />
      {call.state === 'waiting' && onAnswer && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onAnswer(output);
          }}
        >
          <label class="field">
            <span>Result of {call.name}</span>
            <textarea
              rows={2}
              class="code"
              value={output}
              onInput={({ currentTarget }) => setOutput(currentTarget.value)}
              spellcheck={false}
            />
          </label>
          <button type="submit" class="button small primary">
            Answer
          </button>
        </form>
      )}
      {call.output !== undefined && <pre class="data result">{pretty(call.output)}</pre>}
    </div>
  );
}

export function McpEntry({ call }: { call: McpCalled }) {
  const states = { writing: 'being called …', running: 'running …', done: 'done', failed: 'failed' };
  return (
    <div class="card" data-state={call.state}>
      <p class="card-title">
        <ToolIcon /> <code>{call.name}</code>{' '}
        <span class="soft">
          at {call.server}, {states[call.state]}
        </span>
      </p>
      <Arguments text={call.args} />
      {call.output !== undefined && <pre class={call.state === 'failed' ? 'data bad' : 'data result'}>{pretty(call.output)}</pre>}
    </div>
  );
}

export function ApprovalEntry({ approval, onDecide }: { approval: Approval; onDecide: ((approve: boolean) => void) | undefined }) {
  return (
    <div class="card" data-state={approval.state === 'open' ? 'waiting' : 'done'}>
      <p class="card-title">
        <ToolIcon /> <code>{approval.name}</code>{' '}
        <span class="soft">{approval.state === 'open' ? `may it run at ${approval.server}?` : approval.state}</span>
      </p>
      <Arguments text={approval.args} />
      {approval.state === 'open' && onDecide && (
        <p class="row">
          <button type="button" class="button small primary" onClick={() => onDecide(true)}>
            Allow
          </button>
          <button type="button" class="button small" onClick={() => onDecide(false)}>
            Refuse
          </button>
        </p>
      )}
    </div>
  );
}

export function ToolsEntry({ list }: { list: ToolList }) {
  const text = {
    listing: `Asking ${list.server} for its tools …`,
    failed: `${list.server} did not tell its tools.`,
    done: list.tools.length === 0 ? `${list.server} has no tools.` : `${list.server} offers ${list.tools.join(', ')}.`,
  }[list.state];
  return <p class="notice">{text}</p>;
}
