// One tool, new or to be changed.
import { useState } from 'preact/hooks';
import { parseObject } from '../realtime/settings.ts';

export type Tool = Readonly<Record<string, unknown>>;

const exampleParameters = JSON.stringify({ type: 'object', properties: { location: { type: 'string' } }, required: ['location'] }, null, 2);

interface ToolFormProps {
  kind: 'function' | 'mcp';
  tool: Tool | undefined;
  onSave: (tool: Tool) => void;
  onCancel: () => void;
}

export function ToolForm({ kind, tool, onSave, onCancel }: ToolFormProps) {
  const [fault, setFault] = useState<string>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    try {
      const values = new FormData(event.currentTarget);
      onSave(kind === 'mcp' ? readServer(values) : readFunction(values));
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form class="tool-form" onSubmit={submit}>
      {kind === 'mcp' ? <ServerFields tool={tool} /> : <FunctionFields tool={tool} />}
      {fault !== undefined && (
        <p class="bad" role="alert">
          {fault}
        </p>
      )}
      <div class="row">
        <button type="submit" class="button small primary">
          {tool ? 'Change' : 'Add'}
        </button>
        <button type="button" class="button small" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function FunctionFields({ tool }: { tool: Tool | undefined }) {
  return (
    <>
      <Input name="name" label="Name" required value={tool?.['name']} pattern="[a-zA-Z0-9_\-]+" placeholder="get_weather" />
      <Input name="description" label="What it does" value={tool?.['description']} placeholder="Tells the weather at a place" />
      <label class="field">
        <span>Parameters, as JSON Schema</span>
        <textarea
          name="parameters"
          rows={5}
          class="code"
          spellcheck={false}
          defaultValue={tool ? JSON.stringify(tool['parameters'] ?? {}, null, 2) : exampleParameters}
        />
      </label>
    </>
  );
}

function ServerFields({ tool }: { tool: Tool | undefined }) {
  const allowed = tool?.['allowed_tools'];
  const approval = tool?.['require_approval'];
  return (
    <>
      <Input
        name="server_label"
        label="Name"
        required
        value={tool?.['server_label']}
        pattern="[a-zA-Z][a-zA-Z0-9_\-]*"
        placeholder="weather"
      />
      <Input name="server_url" label="Address" type="url" required value={tool?.['server_url']} placeholder="https://example.com/mcp" />
      <Input name="authorization" label="Authorization, if it wants one" type="password" value={tool?.['authorization']} />
      <Input
        name="allowed_tools"
        label="Only these tools"
        value={Array.isArray(allowed) ? allowed.join(', ') : undefined}
        placeholder="all, or names with commas between"
      />
      <label class="field">
        <span>Before each call</span>
        <select name="require_approval" value={approval === 'never' ? 'never' : 'always'}>
          <option value="always">ask me</option>
          <option value="never">do not ask</option>
        </select>
      </label>
    </>
  );
}

const kinds = { text: { type: 'text' }, url: { type: 'url' }, password: { type: 'password' } } as const;

interface InputProps {
  name: string;
  label: string;
  value: unknown;
  type?: keyof typeof kinds;
  required?: boolean;
  pattern?: string;
  placeholder?: string;
}

function Input({ name, label, value, type = 'text', ...rest }: InputProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        {...kinds[type]}
        autocomplete="off"
        spellcheck={false}
        defaultValue={typeof value === 'string' ? value : ''}
        {...rest}
      />
    </label>
  );
}

function field(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

function readFunction(values: FormData): Tool {
  const description = field(values, 'description');
  return {
    type: 'function',
    name: field(values, 'name'),
    ...(description === '' ? {} : { description }),
    parameters: parseObject(field(values, 'parameters'), 'The schema of the parameters'),
  };
}

function readServer(values: FormData): Tool {
  const authorization = field(values, 'authorization');
  const allowed = field(values, 'allowed_tools')
    .split(/[\s,]+/)
    .filter(Boolean);
  return {
    type: 'mcp',
    server_label: field(values, 'server_label'),
    server_url: field(values, 'server_url'),
    ...(authorization === '' ? {} : { authorization }),
    ...(allowed.length === 0 ? {} : { allowed_tools: allowed }),
    require_approval: field(values, 'require_approval'),
  };
}
