// The tools of a telephone call: what they do to the call, what they say to the model, and that they are ordinary MCP calls on the wire.
import { describe, expect, test } from 'vitest';
import type { OnBoardServer } from '../../src/tools/on-board.ts';
import { RealtimeError } from '../../src/protocol/errors.ts';
import type { Verdict } from '../../src/telephony/outbound-policy.ts';
import { phoneConnector, phoneTool, phoneToolNames, phoneTools, type PhoneToolsOptions } from '../../src/telephony/phone-tools.ts';
import type { TransferOutcome } from '../../src/transports/calls/phone-call.ts';
import { openRig, type Rig } from '../rig.ts';

/** A call that writes down what is done to it, words that are over when the test says so, and the tools of both. */
function onCall(options: Partial<PhoneToolsOptions> & { outcome?: TransferOutcome } = {}) {
  const done: string[] = [];
  const told: object[] = [];
  const words = Promise.withResolvers<void>();
  let verdict: Verdict | undefined;
  const tools = phoneTools({
    call: {
      transfer(target) {
        done.push(`transfer ${target}`);
        return Promise.resolve(options.outcome ?? { outcome: 'transferred' });
      },
      sendDigits(digits) {
        done.push(`digits ${digits}`);
        return Promise.resolve();
      },
      close: () => void done.push('close'),
    },
    tools: phoneToolNames,
    transferTo: new Map([
      ['sales', '+15552345678'],
      ['Support desk', 'sip:desk@pbx.example.com'],
    ]),
    allow(target) {
      done.push(`asked ${target}`);
      return verdict ?? { allowed: true, target: target.startsWith('+') ? `tel:${target}` : target };
    },
    async afterWords(signal) {
      done.push('waits');
      await Promise.race([words.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    },
    onTransfer: (transfer) => void told.push(transfer),
    ...options,
  });
  const end = new AbortController();
  return {
    done,
    told,
    tools,
    end,
    spoken: () => words.resolve(),
    refuse: (reason: string) => {
      verdict = { allowed: false, code: 'too_many', reason };
    },
    call: (name: string, args: Record<string, unknown> = {}) => tools.call(name, args, end.signal),
  };
}

const sentence = (text: string) => ({ error: { type: 'tool_execution_error', message: text } });

describe('the list', () => {
  test('says precisely what may be given, and names nobody’s number', () => {
    const list = onCall().tools.list();
    expect(list.map(({ name, input_schema }) => [name, input_schema])).toEqual([
      [
        'transfer',
        {
          type: 'object',
          properties: { to: { type: 'string', enum: ['sales', 'Support desk'], description: 'To whom.' } },
          required: ['to'],
          additionalProperties: false,
        },
      ],
      [
        'send_digits',
        {
          type: 'object',
          properties: {
            digits: {
              type: 'string',
              minLength: 1,
              maxLength: 64,
              pattern: '^[0-9*#A-DwW]+$',
              description: 'The keys in their order: 0 to 9, * and #. A w waits for half a second.',
            },
          },
          required: ['digits'],
          additionalProperties: false,
        },
      ],
      ['hang_up', { type: 'object', properties: {}, required: [], additionalProperties: false }],
    ]);
    expect(list[0]?.description).toContain('sales, Support desk');
    expect(JSON.stringify(list)).not.toMatch(/\+1555|pbx/);
  });

  test('has what the route gives, and no transfer without anybody to hand over to', () => {
    const names = (options: Partial<PhoneToolsOptions>) =>
      onCall(options)
        .tools.list()
        .map(({ name }) => name);
    expect(names({ tools: ['hang_up'] })).toEqual(['hang_up']);
    expect(names({ transferTo: new Map() })).toEqual(['send_digits', 'hang_up']);
  });

  test('what is not on it cannot be called', async () => {
    const { call, done } = onCall({ tools: ['hang_up'] });
    expect(await call('transfer', { to: 'sales' })).toEqual(sentence("There is no tool 'transfer' on this call."));
    expect(await call('toString')).toEqual(sentence("There is no tool 'toString' on this call."));
    expect(done).toEqual([]);
  });
});

describe('a transfer', () => {
  test('goes to whom the table names, once the words before it are over and the policy has allowed it', async () => {
    const { call, done, told, spoken } = onCall();
    const outcome = call('transfer', { to: ' SALES ' });
    expect(done).toEqual(['waits']);
    spoken();
    expect(await outcome).toEqual({ output: 'The caller was handed over to sales.' });
    expect(done).toEqual(['waits', 'asked +15552345678', 'transfer tel:+15552345678']);
    expect(told).toEqual([{ name: 'sales', target: 'tel:+15552345678', outcome: { outcome: 'transferred' } }]);
  });

  test('goes to nobody else', async () => {
    const { call, done } = onCall();
    for (const to of ['+19005551234', 'legal', 5, null, undefined])
      expect(await call('transfer', { to })).toEqual(
        sentence("The caller can be handed over to: sales, Support desk. Name one of them as 'to'."),
      );
    expect(done).toEqual([]);
  });

  test.each([
    [486, 'sales could not take the call: the line is busy. The caller is still here.'],
    [480, 'sales could not take the call: nobody answered. The caller is still here.'],
    [404, 'sales could not take the call: the number is not in service. The caller is still here.'],
    [603, 'sales could not take the call: the call was declined. The caller is still here.'],
    [undefined, 'sales could not take the call. The caller is still here.'],
  ])('that ends with %s is said in words', async (status, message) => {
    const refused = { outcome: 'refused', reason: 'x', ...(status === undefined ? {} : { status }) } as const;
    const { call, spoken, told } = onCall({ outcome: refused });
    spoken();
    expect(await call('transfer', { to: 'sales' })).toEqual(sentence(message));
    expect(told).toEqual([{ name: 'sales', target: 'tel:+15552345678', outcome: refused }]);
  });

  test('that the policy does not allow is not begun', async () => {
    const { call, done, told, spoken, refuse } = onCall();
    refuse('No more than 2 calls of this key may begin in a minute.');
    spoken();
    expect(await call('transfer', { to: 'sales' })).toEqual(
      sentence('The caller could not be handed over to sales: this server does not allow it now. The caller is still here.'),
    );
    expect(done).toEqual(['waits', 'asked +15552345678']);
    expect(told).toMatchObject([{ outcome: { outcome: 'refused', reason: 'No more than 2 calls of this key may begin in a minute.' } }]);
  });

  test('is given up while the words before it are interrupted, and goes on once it has begun', async () => {
    const early = onCall();
    const outcome = early.call('transfer', { to: 'sales' });
    early.end.abort();
    expect(await outcome).toEqual(sentence('The transfer was given up before it began; the caller is still here.'));
    expect(early.done).toEqual(['waits']);

    let signal: AbortSignal | undefined;
    const call = { ...onCall().tools, close() {}, sendDigits: () => Promise.resolve() };
    const late = onCall({
      call: {
        ...call,
        transfer(_target, given) {
          signal = given;
          return new Promise(() => {});
        },
      },
    });
    late.spoken();
    void late.call('transfer', { to: 'sales' });
    await expect.poll(() => signal).toBeDefined();
    late.end.abort();
    expect(signal?.aborted).toBe(false);
  });
});

describe('keys', () => {
  test.each([
    ['1234#', '1234#', 'The keys 1 2 3 4 # were pressed.'],
    ['1 2-3, 4', '1234', 'The keys 1 2 3 4 were pressed.'],
    ['w1w2', 'w1w2', 'The keys 1 2 were pressed.'],
    ['1W2', '1w2', 'The keys 1 2 were pressed.'],
    [5, '5', 'The keys 5 were pressed.'],
  ])('%s are pressed', async (digits, pressed, output) => {
    const { call, done } = onCall();
    expect(await call('send_digits', { digits })).toEqual({ output });
    expect(done).toEqual([`digits ${pressed}`]);
  });

  test.each([['hello'], [''], ['1'.repeat(65)], ['+1555'], [null], [undefined], [-5.5], [['1']]])('%j are not', async (digits) => {
    const { call, done } = onCall();
    expect(await call('send_digits', { digits })).toEqual(
      sentence("'digits' must be 1 to 64 keys of a telephone: 0 to 9, * and #, with w for a pause."),
    );
    expect(done).toEqual([]);
  });
});

describe('hanging up', () => {
  test('comes after what was said before has been heard', async () => {
    const { call, done, spoken } = onCall();
    const outcome = call('hang_up');
    expect(done).toEqual(['waits']);
    spoken();
    expect(await outcome).toEqual({ output: 'The call has ended.' });
    expect(done).toEqual(['waits', 'close']);
  });

  test('does not come when the caller speaks up before', async () => {
    const { call, done, end } = onCall();
    const outcome = call('hang_up');
    end.abort();
    expect(await outcome).toEqual(sentence('The call goes on: it was not ended.'));
    expect(done).toEqual(['waits']);
  });
});

test('a call that throws costs one tool its outcome', async () => {
  const broken = () => Promise.reject(new Error('ISUP 41 of trunk 10.0.0.1'));
  const { call, spoken } = onCall({
    call: {
      transfer: broken,
      sendDigits: broken,
      close() {
        throw new Error('no such call');
      },
    },
  });
  spoken();
  expect(await call('transfer', { to: 'sales' })).toEqual(
    sentence('The caller could not be handed over to sales. The caller is still here.'),
  );
  expect(await call('send_digits', { digits: '1' })).toEqual(sentence('The keys could not be pressed on this call.'));
  expect(await call('hang_up')).toEqual(sentence('The call could not be ended.'));
});

describe('in a session', () => {
  const boarded = (server: OnBoardServer) => openRig({ onBoard: new Map([[phoneConnector, server]]) });
  const named = { type: 'session.update', session: { tools: [phoneTool(['hang_up', 'send_digits'])], output_modalities: ['text'] } };

  async function asked(rig: Rig, name: string, args: string): Promise<void> {
    rig.client(named);
    await rig.settle();
    await rig.says('Goodbye.');
    rig.llm.last.give({ type: 'call', callId: 'call_1', name });
    rig.llm.last.give({ type: 'arguments', callId: 'call_1', delta: args });
    rig.llm.last.end();
    await rig.settle();
  }

  test('they are listed as those of an MCP server, as far as the session allows them', async () => {
    const { tools } = onCall();
    const rig = boarded(tools);
    rig.client(named);
    await rig.settle();
    expect(rig.last('conversation.item.done').item).toMatchObject({
      type: 'mcp_list_tools',
      server_label: 'call',
      tools: [{ name: 'send_digits' }, { name: 'hang_up' }],
    });
    // Without its connector: the published types know a few of OpenAI's, and could not read ours.
    const { connector_id: _, ...shown } = phoneTool(['hang_up', 'send_digits']);
    const { tools: told } = rig.last('session.updated').session as { tools: unknown };
    expect(told).toEqual([shown]);
    await rig.says('Hello.');
    expect(rig.llm.last.prompt.tools.map(({ name }) => name)).toEqual(['call__send_digits', 'call__hang_up']);
  });

  test('a call of one is an ordinary mcp_call, which needs nobody’s leave', async () => {
    const { tools, done } = onCall();
    const rig = boarded(tools);
    await asked(rig, 'call__send_digits', '{"digits":"12#"}');
    expect(done).toEqual(['digits 12#']);
    const from = rig.transport.sent.findIndex(({ type }) => type === 'response.mcp_call.in_progress');
    expect(rig.transport.sent.slice(from, from + 4).map(({ type }) => type)).toEqual([
      'response.mcp_call.in_progress',
      'response.mcp_call.completed',
      'conversation.item.done',
      'response.output_item.done',
    ]);
    expect(rig.all('response.output_item.done')[0]?.item).toMatchObject({
      type: 'mcp_call',
      server_label: 'call',
      name: 'send_digits',
      arguments: '{"digits":"12#"}',
      output: 'The keys 1 2 # were pressed.',
      error: null,
      approval_request_id: null,
    });
    rig.llm.last.end();
    await rig.settle();
  });

  test('hanging up keeps its response open, so that nothing more is said', async () => {
    const { tools, done, spoken } = onCall();
    const rig = boarded(tools);
    await asked(rig, 'call__hang_up', '{}');
    expect([done, rig.all('response.done').length, rig.all('response.created').length]).toEqual([['waits'], 0, 1]);
    spoken();
    await rig.settle();
    expect(done).toEqual(['waits', 'close']);
  });

  test('an interruption keeps the call', async () => {
    const { tools, done } = onCall();
    const rig = boarded(tools);
    await asked(rig, 'call__hang_up', '{}');
    rig.client({ type: 'response.cancel' });
    await rig.settle();
    expect(done).toEqual(['waits']);
    expect(rig.all('response.output_item.done')[0]?.item).toMatchObject({ type: 'mcp_call', name: 'hang_up', output: null });
  });

  test('a tool that does not come to its end is given up before the session gives it up', async () => {
    const rig = boarded({ list: () => onCall().tools.list(), call: () => new Promise(() => {}) });
    await asked(rig, 'call__hang_up', '{}');
    await rig.wait(80_000);
    expect(rig.all('response.output_item.done')[0]?.item).toMatchObject({
      error: { type: 'protocol_error', message: 'The tool was not done within 80 seconds' },
    });
    rig.llm.last.end();
    await rig.settle();
  });

  test('a fault of ours is a failed call', async () => {
    const rig = boarded({ list: () => onCall().tools.list(), call: () => Promise.reject(new TypeError('x is not a function')) });
    await asked(rig, 'call__hang_up', '{}');
    expect(rig.all('response.output_item.done')[0]?.item).toMatchObject({ error: { message: 'The tool failed' } });
    rig.llm.last.end();
    await rig.settle();
  });

  test.each([
    ['session', { type: 'session.update', session: { tools: [{ type: 'function', name: 'f' }, phoneTool(['hang_up'])] } }],
    ['response', { type: 'response.create', response: { tools: [{ type: 'function', name: 'f' }, phoneTool(['hang_up'])] } }],
  ])('one that is on no call refuses them, and names the field: %s', async (where, event) => {
    const rig = openRig();
    rig.client(event);
    await rig.settle();
    expect(rig.last('error').error).toMatchObject({
      code: 'invalid_value',
      param: `${where}.tools[1].connector_id`,
      message: expect.stringContaining("The tools of 'parley_telephone' are those of a telephone call") as string,
    });
  });

  test.each([
    ['another connector', { connector_id: 'connector_gmail' }, 'connector_id'],
    ['an address as well', { connector_id: phoneConnector, server_url: 'https://x.example/' }, 'connector_id'],
    ['neither', {}, 'server_url'],
  ])('%s is refused as it is read', (_what, more, field) => {
    const rig = openRig();
    let fault: unknown;
    try {
      rig.client({ type: 'session.update', session: { tools: [{ type: 'mcp', server_label: 'call', ...more }] } });
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(RealtimeError);
    expect((fault as RealtimeError).param).toBe(`session.tools[0].${field}`);
  });
});
