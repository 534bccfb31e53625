// The import law of docs/architecture.md: imports run down only, and no circle anywhere.
const room = (name) => `^src/${name}/`;

/** A room may import itself and what is listed. */
const only = (name, allowed, comment) => ({
  name: `law-${name}`,
  comment,
  severity: 'error',
  from: { path: room(name) },
  to: { path: '^src/', pathNot: [room(name), ...allowed] },
});

/** A room of the session's, and those above it. */
const below = (name, above) => ({
  name: `session-${name}-down`,
  severity: 'error',
  comment: 'floor, response, conversation, settings: what a room above is to do about it is told as news (core.ts)',
  from: { path: `^src/session/${name}/` },
  to: { path: above.map((each) => `^src/session/${each}`) },
});

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', comment: 'Wall 2', from: {}, to: { circular: true } },
    { name: 'not-found', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('lib', [], 'lib knows no domain word'),
    only('protocol', [], 'the wire and nothing else'),
    only('media', [room('lib')], 'x -> y'),
    only('session', [room('protocol')], 'Wall 1: pure'),
    {
      name: 'session-imports-nothing-else',
      severity: 'error',
      comment: 'Wall 1: no package, no module of Node',
      from: { path: room('session') },
      to: { pathNot: '^src/' },
    },
    {
      name: 'guests-on-top',
      severity: 'error',
      comment: 'the rooms of a session ask its guests, and know none of them',
      from: { path: room('session'), pathNot: ['^src/session/guests/', '^src/session/session\\.ts$'] },
      to: { path: '^src/session/guests/' },
    },
    below('response', ['floor']),
    below('conversation', ['floor', 'response']),
    // What a client may ask of a pause, its own room checks.
    below('settings', ['floor/(?!patience)', 'response', 'conversation']),
    {
      name: 'guests-apart',
      severity: 'error',
      comment: 'no guest knows another; what two of them say beside an answer they share',
      from: { path: '^src/session/guests/(backchannel|filler|mcp|timestamps|turn-suggestion)\\.ts$|^src/session/guests/memory/' },
      to: {
        path: '^src/session/guests/',
        pathNot: ['^src/session/guests/(asides|small-model)\\.ts$', '^src/session/guests/memory/memory-(text|settings)\\.ts$'],
      },
    },
    only('engines', [room('lib'), room('media'), '^src/protocol/prompt\\.ts$'], 'an engine never sees a session, a socket or an event'),
    only('transports', [room('protocol'), room('media'), room('lib')], 'a transport carries; it decides nothing'),
    only(
      'telephony',
      [room('protocol'), room('media'), room('lib'), '^src/transports/(calls/|transport\\.ts$)', '^src/tools/(on-board|mcp-types)\\.ts$'],
      'decides about telephone calls: it knows neither who carries them nor how a session is run',
    ),
    only(
      'pipeline',
      [
        room('session'),
        room('protocol'),
        room('tools'),
        room('media'),
        room('lib'),
        '^src/engines/engine\\.ts$',
        '^src/metrics/meters\\.ts$',
        '^src/transports/transport\\.ts$',
      ],
      'interfaces, never a concrete engine',
    ),
    only('store', [room('lib')], ''),
    only('usage', [room('store'), room('lib')], 'keeps account of what it is told; knows no engine and no session'),
    only('metrics', [room('lib')], 'knows what is counted, not who counts'),
    only('tools', [room('lib')], 'knows no session and no event'),
    only('http', [room('protocol'), room('store'), room('lib')], ''),
    only('access', [room('protocol'), room('store'), room('lib')], ''),
    {
      name: 'law-console',
      comment: 'the page shares the wire and the sound with the server, and nothing that needs Node',
      severity: 'error',
      from: { path: '^console/' },
      to: { path: '^src/', pathNot: [room('protocol'), room('media')] },
    },
    {
      name: 'console-pure',
      comment: 'what events mean is decided without a page: tested without one',
      severity: 'error',
      from: { path: '^console/src/realtime/' },
      to: { path: '^console/src/', pathNot: ['^console/src/realtime/'] },
    },
    {
      name: 'nothing-needs-the-page',
      severity: 'error',
      from: { path: '^(src|bench)/' },
      to: { path: '^console/' },
    },
    {
      name: 'ws-in-its-room',
      severity: 'error',
      comment: 'vendor libraries only in their one room',
      from: { path: '^src/', pathNot: ['^src/transports/websocket/', '^src/cli/', '^src/engines/cloud/socket\\.ts$'] },
      to: { path: 'node_modules/ws/' },
    },
    {
      name: 'werift-in-its-room',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/transports/webrtc/' },
      to: { path: 'node_modules/werift/' },
    },
    {
      name: 'prom-client-in-its-file',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/metrics/prometheus\\.ts$' },
      to: { path: 'node_modules/prom-client/' },
    },
    {
      name: 'libopus-in-its-rooms',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/transports/rtp/', '^src/engines/local/opus/'] },
      to: { path: 'node_modules/libopus-wasm/' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
};
