// What the server says once it is ready: how to talk to it, with commands that can be copied.
import type { ParleyServer } from '../assemble.ts';
import type { EngineState } from '../engines/engine-state.ts';
import { type Config, isLoopback, keyFile } from '../config.ts';

export function greeting(server: ParleyServer, config: Config): string[] {
  const { address, keys, keyMade } = server;
  const realtime = `${address.replace(/^http/, 'ws')}/v1/realtime`;
  // Keys of the operator's own choosing are not for the screen.
  const key = config.apiKeys.length === 0 ? (keys[0] ?? '') : '$PARLEY_API_KEY';
  const model = server.defaultModel;
  const elsewhere = realtime !== 'ws://127.0.0.1:8080/v1/realtime';
  return [
    '',
    `Parley is ready at ${address}`,
    '',
    ...server.engines.flatMap(engineLines),
    `  Models   ${server.router.hasLlm(model) ? `${model} is served by ${server.router.serves(model)}` : `${model} is served by nobody: set PARLEY_MODEL`}`,
    ...(config.apiKeys.length === 0 ? [`  Key      ${key}${keyMade ? ' (new)' : ''}, kept in ${keyFile(config.dataDir)}`] : []),
    ...(isLoopback(config.host) ? [] : [`  Reach    ${config.host}, with ${keys.length} key${keys.length === 1 ? '' : 's'}`]),
    '',
    ...(config.console === 'off'
      ? []
      : [`  Talk to it in a browser${config.console === 'key' ? ' (it asks for a key)' : ''}:`, `    ${address}/`, '']),
    '  Ask it something (in another terminal):',
    `    npm run talk -- samples/question.wav --out answer.wav${elsewhere ? ` --url ${realtime}` : ''}${config.tls ? ' --insecure' : ''}`,
    `    curl ${address}/health`,
    '',
    '  From an OpenAI or Inworld Realtime client, change the URL and the key:',
    `    new OpenAIRealtimeWebSocket({ url: '${realtime}', apiKey: '${key}' })`,
    `    ${realtime.replace('/v1/realtime', '/api/v1/realtime/session')}?key=my-session&protocol=realtime`,
    '',
    '  Ctrl-C ends it.',
  ];
}

const roles: Partial<Record<EngineState['info']['kind'], string>> = { stt: 'Ears', tts: 'Voice', turn: 'Judge' };

/** Who hears, speaks and judges the ends of turns, and why it is not a better one. */
function engineLines({ info, problem }: EngineState): string[] {
  const role = roles[info.kind];
  if (role === undefined) return [];
  return [`  ${role.padEnd(9)}${info.name}`, ...(problem === undefined ? [] : [`           ${problem}`])];
}
