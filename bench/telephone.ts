import { clips } from './speech.ts';
import { measureTalk } from './telephone-talk.ts';
const alive = setInterval(() => {}, 60_000);
const [t='pcmu', steps='10', seconds='10'] = process.argv.slice(2);
const r = await measureTalk(t as never, await clips(), steps.split(',').map(Number), Number(seconds));
for (const s of r) console.log(JSON.stringify(s, (k, v) => typeof v === 'number' ? Math.round(v*100)/100 : v));
clearInterval(alive);
