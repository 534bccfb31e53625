// Inworld's extras as they go over the wire: one JSON object.
import { useState } from 'preact/hooks';
import { at, parseObject } from '../realtime/settings.ts';
import { TextField } from './fields.tsx';
import type { PartProps } from './part-props.ts';

export function ProviderDataField({ parley, session }: PartProps) {
  const [fault, setFault] = useState<string>();
  const value = at(session, 'providerData');
  const change = (text: string) => {
    try {
      parley.desk.configure(['providerData'], parseObject(text, 'Provider data'));
      setFault(undefined);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <TextField
        label="providerData, as JSON"
        rows={4}
        code
        value={value === undefined ? '' : JSON.stringify(value, null, 2)}
        placeholder={'{\n  "auto_tool_response": true\n}'}
        onChange={change}
      />
      {fault !== undefined && (
        <p class="bad" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}
