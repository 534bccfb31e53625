// The session of the settings as a program of one's own: curl, Node, Python and the browser. The key stays a variable.
import { type Settings, withoutSecrets } from './settings.ts';

export const languages = ['curl', 'node', 'python', 'browser'] as const;
export type Language = (typeof languages)[number];

export const languageNames: Readonly<Record<Language, string>> = { curl: 'curl', node: 'Node', python: 'Python', browser: 'Browser' };

/** @param origin Of the server: `http://127.0.0.1:8080`. */
export function clientCode(language: Language, settings: Settings, origin: string, defaultModel: string): string {
  const session = { type: 'realtime', ...withoutSecrets(settings) };
  const model = typeof settings.model === 'string' ? settings.model : defaultModel;
  return writers[language]({ session, model, origin, ws: origin.replace(/^http/, 'ws') });
}

interface Parts {
  session: Record<string, unknown>;
  model: string;
  origin: string;
  ws: string;
}

/** What must be said of that package where the server has no certificate. */
const plainHttp = '\n// The package always asks for TLS: start the server with PARLEY_TLS_CERT and PARLEY_TLS_KEY.';

const writers: Readonly<Record<Language, (parts: Parts) => string>> = {
  curl: ({ session, origin }) => `# An ephemeral secret for a page or an app, bound to this session and good for ten minutes.
curl ${origin}/v1/realtime/client_secrets \\
  -H "Authorization: Bearer $PARLEY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d ${shellQuoted(JSON.stringify({ session }, null, 2))}
`,
  node: ({ session, model, origin }) => `// npm install openai ws${origin.startsWith('http:') ? plainHttp : ''}
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import OpenAI from 'openai';

const client = new OpenAI({ apiKey: process.env.PARLEY_API_KEY, baseURL: '${origin.replace(/^http:/, 'https:')}/v1' });
const realtime = new OpenAIRealtimeWS({ model: ${quoted(model)} }, client);

realtime.on('session.created', () => {
  realtime.send({ type: 'session.update', session: ${indented(session, 2)} });
  realtime.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello!' }] },
  });
  realtime.send({ type: 'response.create' });
});
realtime.on('response.output_audio_transcript.delta', ({ delta }) => process.stdout.write(delta));
realtime.on('response.done', () => realtime.close());
realtime.on('error', (error) => console.error(error.message));
`,
  python: ({ session, model, origin, ws }) => `# pip install "openai[realtime]"
import asyncio
import json
import os

from openai import AsyncOpenAI

SESSION = json.loads(r"""
${JSON.stringify(session, null, 2)}
""")


async def main():
    client = AsyncOpenAI(
        api_key=os.environ["PARLEY_API_KEY"],
        base_url="${origin}/v1",
        websocket_base_url="${ws}/v1",
    )
    async with client.realtime.connect(model=${JSON.stringify(model)}) as connection:
        await connection.session.update(session=SESSION)
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]}
        )
        await connection.response.create()
        async for event in connection:
            if event.type == "response.output_audio_transcript.delta":
                print(event.delta, end="", flush=True)
            elif event.type == "response.done":
                break


asyncio.run(main())
`,
  browser: ({
    session,
    model,
    origin,
  }) => `// The secret comes from your own server, which asks POST ${origin}/v1/realtime/client_secrets for it (see curl).
export async function talk(secret) {
  const peer = new RTCPeerConnection();
  const sound = new Audio();
  sound.autoplay = true;
  peer.ontrack = (event) => (sound.srcObject = event.streams[0]);
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  for (const track of microphone.getTracks()) peer.addTrack(track, microphone);

  const events = peer.createDataChannel('oai-events');
  events.onopen = () => events.send(JSON.stringify({ type: 'session.update', session: ${indented(session, 2)} }));
  events.onmessage = (message) => console.log(JSON.parse(message.data));

  await peer.setLocalDescription(await peer.createOffer());
  const answer = await fetch(\`${origin}/v1/realtime/calls?model=\${encodeURIComponent(${quoted(model)})}\`, {
    method: 'POST',
    headers: { Authorization: \`Bearer \${secret}\`, 'Content-Type': 'application/sdp' },
    body: peer.localDescription.sdp,
  });
  if (!answer.ok) throw new Error(await answer.text());
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  return () => peer.close();
}
`,
};

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** JSON whose further lines stand below the first at the given depth. */
function indented(value: unknown, depth: number): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(depth)}`);
}
