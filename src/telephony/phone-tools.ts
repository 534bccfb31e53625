// What the model may do with the telephone call it is on: hand it over, press keys, hang up. Tools on board (tools/on-board.ts), which a route gives to its
// sessions; the model knows whom it may hand over to by name and never sees a number.
import type { OnBoardServer } from '../tools/on-board.ts';
import type { McpOutcome, McpTool } from '../tools/mcp-types.ts';
import type { PhoneCall } from '../transports/calls/phone-call.ts';
import type { Verdict } from './outbound-policy.ts';

export const phoneToolNames = ['transfer', 'send_digits', 'hang_up'] as const;
export type PhoneToolName = (typeof phoneToolNames)[number];

/** What a session names to have them. */
export const phoneConnector = 'parley_telephone' as const;

export interface PhoneToolsOptions {
  readonly call: Pick<PhoneCall, 'transfer' | 'sendDigits' | 'close'>;
  /** Those that the route gives. */
  readonly tools: readonly PhoneToolName[];
  /** By the names that the model uses: `sales` is `+15552345678`. */
  readonly transferTo: ReadonlyMap<string, string>;
  /** Whether a target may be called (`OutboundPolicy.transfer`); asked for each transfer. */
  readonly allow: (target: string) => Verdict;
  /** Resolves when what the agent has said before has been played, or `signal` fires. */
  readonly afterWords: (signal: AbortSignal) => Promise<void>;
  /** How a transfer ended. */
  readonly onTransfer?: (told: PhoneTransfer) => void;
}

export interface PhoneTransfer {
  readonly name: string;
  /** How it was dialled; what the table says of it where it was not. */
  readonly target: string;
  readonly outcome:
    | { readonly outcome: 'transferred' }
    | { readonly outcome: 'refused'; readonly status?: number; readonly reason: string };
}

/** The tool of a session by which it has these. Its calls need nobody's leave: the route has given it. */
export function phoneTool(tools: readonly PhoneToolName[]) {
  return {
    type: 'mcp' as const,
    server_label: 'call',
    connector_id: phoneConnector,
    allowed_tools: [...tools],
    require_approval: 'never' as const,
  };
}

const mostDigits = 64;
const digits = /^[0-9*#A-DwW]+$/;

export function phoneTools(options: PhoneToolsOptions): OnBoardServer {
  const offered = listed(options);
  return {
    list: () => offered,
    call(name, args, signal) {
      if (!offered.some((tool) => tool.name === name)) return Promise.resolve(failed(`There is no tool '${name}' on this call.`));
      if (name === 'transfer') return transfer(options, args, signal);
      return name === 'send_digits' ? sendDigits(options, args, signal) : hangUp(options, signal);
    },
  };
}

function listed({ tools, transferTo }: PhoneToolsOptions): McpTool[] {
  const names = [...transferTo.keys()];
  const all: Record<PhoneToolName, McpTool> = {
    transfer: {
      name: 'transfer',
      description: `Hands the caller over to somebody else, after what you have said before has been heard. Afterwards you are no longer on the call. You can hand over to: ${names.join(', ')}.`,
      input_schema: schema({ to: { type: 'string', enum: names, description: 'To whom.' } }, ['to']),
    },
    send_digits: {
      name: 'send_digits',
      description: 'Presses keys of the telephone, as for the menu of an automatic system at the other end.',
      input_schema: schema(
        {
          digits: {
            type: 'string',
            minLength: 1,
            maxLength: mostDigits,
            pattern: digits.source,
            description: 'The keys in their order: 0 to 9, * and #. A w waits for half a second.',
          },
        },
        ['digits'],
      ),
    },
    hang_up: {
      name: 'hang_up',
      description: 'Ends the call, after what you have said before has been heard. Say goodbye first, in the same answer.',
      input_schema: schema({}, []),
    },
  };
  return phoneToolNames.filter((name) => tools.includes(name) && (name !== 'transfer' || names.length > 0)).map((name) => all[name]);
}

function schema(properties: Record<string, object>, required: string[]): Record<string, unknown> {
  return { type: 'object', properties, required, additionalProperties: false };
}

async function transfer(options: PhoneToolsOptions, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<McpOutcome> {
  const { call, transferTo, allow, afterWords, onTransfer } = options;
  const wish = args['to'];
  const name = typeof wish === 'string' ? [...transferTo.keys()].find((each) => alike(each, wish)) : undefined;
  const listedTarget = name === undefined ? undefined : transferTo.get(name);
  if (name === undefined || listedTarget === undefined)
    return failed(`The caller can be handed over to: ${[...transferTo.keys()].join(', ')}. Name one of them as 'to'.`);
  try {
    await afterWords(signal);
    if (signal.aborted) return failed('The transfer was given up before it began; the caller is still here.');
    const verdict = allow(listedTarget);
    if (!verdict.allowed) {
      onTransfer?.({ name, target: listedTarget, outcome: { outcome: 'refused', reason: verdict.reason } });
      return failed(`The caller could not be handed over to ${name}: this server does not allow it now. The caller is still here.`);
    }
    // Once begun it goes on though the caller speaks: "thank you" is no reason to take it back. It ends with the call.
    const outcome = await call.transfer(verdict.target, new AbortController().signal);
    onTransfer?.({ name, target: verdict.target, outcome });
    if (outcome.outcome === 'transferred') return said(`The caller was handed over to ${name}.`);
    return failed(`${name} could not take the call${why(outcome.status)}. The caller is still here.`);
  } catch {
    return failed(`The caller could not be handed over to ${name}. The caller is still here.`);
  }
}

async function sendDigits({ call }: PhoneToolsOptions, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<McpOutcome> {
  const wish = args['digits'];
  // Models write numbers as numbers, and spaces between keys.
  const keys = (typeof wish === 'number' ? String(wish) : typeof wish === 'string' ? wish : '').replaceAll(/[\s,-]/g, '');
  if (keys.length > mostDigits || !digits.test(keys))
    return failed(`'digits' must be 1 to ${mostDigits} keys of a telephone: 0 to 9, * and #, with w for a pause.`);
  if (signal.aborted) return failed('No key was pressed.');
  try {
    await call.sendDigits(keys.replaceAll('W', 'w'));
    return said(`The keys ${[...keys].filter((key) => key !== 'w' && key !== 'W').join(' ')} were pressed.`);
  } catch {
    return failed('The keys could not be pressed on this call.');
  }
}

/** It answers when the call is over, so that no further answer begins meanwhile; a caller who speaks up before keeps the call. */
async function hangUp({ call, afterWords }: PhoneToolsOptions, signal: AbortSignal): Promise<McpOutcome> {
  try {
    await afterWords(signal);
    if (signal.aborted) return failed('The call goes on: it was not ended.');
    call.close();
    return said('The call has ended.');
  } catch {
    return failed('The call could not be ended.');
  }
}

/** In words, what SIP says with a status (RFC 3261, 21.4 to 21.6). */
function why(status: number | undefined): string {
  if (status === 486 || status === 600) return ': the line is busy';
  if (status === 408 || status === 480 || status === 487) return ': nobody answered';
  if (status === 404 || status === 484 || status === 604) return ': the number is not in service';
  return status === 603 || status === 403 ? ': the call was declined' : '';
}

function alike(one: string, other: string): boolean {
  const plain = (name: string) => name.trim().toLowerCase();
  return plain(one) === plain(other);
}

function said(output: string): McpOutcome {
  return { output };
}

function failed(message: string): McpOutcome {
  return { error: { type: 'tool_execution_error', message } };
}
