// `node bench/webrtc.ts`: what WebRTC calls cost and how late they are; prints it and keeps it in bench/results/. `--help` says what can be
// measured, docs/performance.md how.
import { parseArgs } from 'node:util';
import { keepRaw, writeTables } from './keep.ts';
import { machine } from './machine.ts';
import { measureBargeIns } from './webrtc-bargein.ts';
import { measureCpu, measureDrift, measureLatency, measureMemory, measureSetup } from './webrtc-media.ts';
import { Plane } from './webrtc-plane.ts';
import { webrtcReport, type WebrtcResults } from './webrtc-report.ts';

const parts = ['bargein', 'setup', 'latency', 'cpu', 'memory', 'drift'] as const;
const help = `node bench/webrtc.ts [options]
  --only setup,cpu   only these: bargein (talking over answers in Chromium), setup (offer to open channel), latency (one way, both ways),
                     cpu (for each talking call), memory (after 200 calls that came and went), drift (over ten minutes)
  --quick            fewer and shorter runs: to see that it works, not to quote
  --calls 10         calls at once, for cpu
  --workers 1        worker threads of the media plane
  --write            put the table into docs/performance.md
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: parts.join(',') },
    quick: { type: 'boolean', default: false },
    calls: { type: 'string' },
    workers: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const { quick } = values;
const only = values.only.split(',').map((name) => name.trim());
const wrong = only.find((name) => !parts.some((part) => part === name));

async function run(): Promise<WebrtcResults> {
  const results: WebrtcResults = { machine: await machine() };
  const asked = (part: (typeof parts)[number]) => {
    if (only.includes(part)) process.stderr.write(`  ${part} ...\n`);
    return only.includes(part);
  };
  if (asked('bargein')) {
    const bargein = await measureBargeIns(quick ? 5 : 40);
    if (bargein) results.bargein = bargein;
  }
  if (only.every((part) => part === 'bargein')) return results;
  const plane = new Plane(Number(values.workers));
  try {
    if (asked('setup')) results.setup = await measureSetup(plane, quick);
    if (asked('latency')) results.latency = await measureLatency(plane, quick);
    if (asked('cpu')) results.cpu = await measureCpu(plane, quick, values.calls === undefined ? undefined : Number(values.calls));
    if (asked('memory')) results.memory = await measureMemory(plane, quick);
    if (asked('drift')) results.drift = await measureDrift(plane, quick);
  } finally {
    await plane.close();
  }
  return results;
}

// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
try {
  if (values.help || wrong !== undefined) process.stdout.write(wrong === undefined ? help : `--only knows no '${wrong}'.\n${help}`);
  else {
    const results = await run();
    const tables = webrtcReport(results);
    process.stdout.write(`\n${tables}\n`);
    await keepRaw('webrtc-', results);
    if (values.write) await writeTables('bench-webrtc', tables);
  }
} finally {
  clearInterval(alive);
}
