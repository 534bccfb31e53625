// The tools of the session: functions, which the user answers by hand here, and MCP servers, which the server asks.
import { useState } from 'preact/hooks';
import { isRecord } from '../../../src/protocol/json.ts';
import { at } from '../realtime/settings.ts';
import { CloseIcon, PlusIcon, ToolIcon } from './icons.tsx';
import type { PartProps } from './part-props.ts';
import { type Tool, ToolForm } from './tool-form.tsx';

export function ToolsField({ parley, session }: PartProps) {
  /** Which tool is in the form: a place in the list, or a new one. */
  const [edited, setEdited] = useState<number | 'function' | 'mcp'>();
  const value = at(session, 'tools');
  const tools = Array.isArray(value) ? value.filter(isRecord) : [];
  // The list the user has set knows credentials; the one the server shows does not.
  const own = at(parley.state.get().settings, 'tools');
  const change = (next: readonly Tool[]) => {
    parley.desk.configure(['tools'], next);
    setEdited(undefined);
  };
  const kept = Array.isArray(own) ? own.filter(isRecord) : tools;
  return (
    <div class="tools">
      {tools.length === 0 && edited === undefined && <p class="hint">None. The answer is words only.</p>}
      <ul class="tool-list">
        {kept.map((tool, index) => (
          <li key={nameOf(tool)}>
            {edited === index ? (
              <ToolForm
                kind={tool['type'] === 'mcp' ? 'mcp' : 'function'}
                tool={tool}
                onSave={(saved) => change(kept.with(index, saved))}
                onCancel={() => setEdited(undefined)}
              />
            ) : (
              <div class="tool-row">
                <button type="button" class="tool-name" onClick={() => setEdited(index)}>
                  <ToolIcon />
                  <code>{nameOf(tool)}</code>
                  <span class="soft">{tool['type'] === 'mcp' ? String(tool['server_url'] ?? tool['connector_id']) : 'function'}</span>
                </button>
                <button
                  type="button"
                  class="icon-button tiny"
                  aria-label={`Remove ${nameOf(tool)}`}
                  onClick={() => change(kept.toSpliced(index, 1))}
                >
                  <CloseIcon />
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {edited === 'function' || edited === 'mcp' ? (
        <ToolForm kind={edited} tool={undefined} onSave={(saved) => change([...kept, saved])} onCancel={() => setEdited(undefined)} />
      ) : (
        <div class="row">
          <button type="button" class="button small" onClick={() => setEdited('function')}>
            <PlusIcon /> Function
          </button>
          <button type="button" class="button small" onClick={() => setEdited('mcp')}>
            <PlusIcon /> MCP server
          </button>
        </div>
      )}
    </div>
  );
}

function nameOf(tool: Tool): string {
  return String(tool['type'] === 'mcp' ? tool['server_label'] : tool['name']);
}
