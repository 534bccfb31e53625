// The text of a stored prompt with its blanks filled in: what a model is told instead of the server's own instructions.
import { errors } from '../../protocol/errors.ts';
import type { StoredPrompt } from '../../protocol/stored-prompt.ts';
import type { KnownPrompt } from '../known.ts';

const blank = /\{\{\s*([A-Za-z0-9_.-]{1,64})\s*\}\}/g;

/**
 * The words a reference stands for; `param` is where it was written, such as `session.prompt`.
 * @throws RealtimeError naming the id, the version or the variable that cannot be used.
 */
export function promptText(known: KnownPrompt | undefined, prompt: StoredPrompt, param: string): string {
  const { id, version, variables } = prompt;
  if (known?.state === 'no_version') throw errors.invalid(`${param}.version`, `The prompt '${id}' has no version '${version}'.`);
  if (known?.state !== 'found') throw errors.invalid(`${param}.id`, `There is no stored prompt '${id}'.`);
  return known.text.replace(blank, (_, name: string) => {
    const value = variables && Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (typeof value === 'string') return value;
    if (value?.type === 'input_text' && typeof value.text === 'string') return value.text;
    throw errors.invalid(
      `${param}.variables.${name}`,
      value === undefined
        ? `The prompt '${id}' has the variable '${name}', which is not given.`
        : `The prompt '${id}' wants words for '${name}'; an ${value.type} cannot be put into them.`,
    );
  });
}

/** A prompt's text with the instructions that follow it, where there are both. */
export function joinedInstructions(text: string, instructions: string): string {
  return text === '' || instructions === '' ? text + instructions : `${text}\n\n${instructions}`;
}
