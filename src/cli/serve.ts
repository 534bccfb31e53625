// A server from start to end: read the configuration, assemble, listen, prove that it works, and leave in order when told to.
import { readFileSync } from 'node:fs';
import { assemble, type ParleyServer } from '../assemble.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';
import { checkConfiguration } from './check.ts';
import { selfCheck } from './self-check.ts';
import { greeting } from './greeting.ts';
import { answerHangUps } from './hang-up.ts';
import { exitCodes } from './exit-codes.ts';
import { Leaving } from './leave.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog, type Log } from '../lib/log.ts';
import { SetupError } from '../lib/own-file.ts';
import { lowerHelperThreads } from '../lib/helper-threads.ts';
import { watchLoop } from '../lib/watchdog.ts';
import { modelsOn, MovingLine } from './progress-line.ts';

/** A loop that stands still for so long is told of: no answer was due for so long. */
const noticeStallMs = 3000;

const moving = new MovingLine(process.stdout, () => systemClock.now());
const say = (line: string) => moving.say(line);

function die(code: number, why: string): never {
  process.stderr.write(`parley: ${why}\n`);
  process.exit(code);
}

function configuration(): Config {
  try {
    return readConfig(process.env, process.cwd());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return die(exitCodes.configuration, error.message);
  }
}

const options = {
  check: { kind: 'flag', help: 'print the settings it would start with and what is wrong with them; 1 when something is' },
  help: { kind: 'flag', help: 'this text' },
} as const;

/** What the command line asks for instead of a server, if anything. */
function answerArguments(): void {
  try {
    const { values, order } = parseArguments(process.argv.slice(2), options);
    if (order.length > 0) throw new UsageError(`'${order[0]?.value}' is not understood.`);
    if (values.help) {
      say(`npm start [-- options]\n\n${describeOptions(options)}`);
      process.exit(exitCodes.left);
    }
    if (!values.check) return;
    const { lines, wrong } = checkConfiguration(process.env, process.cwd());
    for (const line of lines) say(line);
    process.exit(wrong.length === 0 ? exitCodes.left : exitCodes.failed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    die(exitCodes.configuration, error.message);
  }
}

async function start(config: Config, log: Log): Promise<ParleyServer> {
  try {
    return await assemble(config, log, (line) => say(`  ${line}`), modelsOn(moving));
  } catch (error) {
    if (error instanceof SetupError) return die(exitCodes.failed, error.message);
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw error;
    return die(exitCodes.failed, `cannot listen on ${config.host}:${config.port} (${code}). Set PORT or HOST to another.`);
  }
}

answerArguments();
const config = configuration();
const log = createLog(config.logLevel);
for (const warning of config.warnings) log.warn({}, warning);
say('Parley is getting its engines ready.');
const server = await start(config, log);
lowerHelperThreads();
watchLoop({ noticeMs: noticeStallMs, mostMs: config.mostStallMs, exitCode: exitCodes.stalled, logLevel: config.logLevel });

const exit = (code: number) => process.exit(code);
const leaving = new Leaving({ server, drainMs: config.drainMs, clock: systemClock, log, say, exit });
process.on('SIGINT', () => leaving.signal('SIGINT'));
process.on('SIGTERM', () => leaving.signal('SIGTERM'));
// Whoever read what is written may be gone, with the terminal or at the end of a pipe: that is no fault of the server.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
// A promise that nobody minds comes here, too.
process.on('uncaughtException', (error) => leaving.fault(error));

/** Keys, certificate and telephony file again, from where they were read at the start. */
async function readAgain(): Promise<void> {
  try {
    const next = readConfig(process.env, process.cwd());
    await server.reload(next);
    for (const warning of next.warnings) log.warn({}, warning);
    log.info({ keys: server.keys.length, routes: next.telephony.routes.length }, 'keys, certificate and telephony file were read again');
  } catch (error) {
    log.error({ err: error }, 'keys, certificate and telephony file cannot be read again: all stays as it was');
  }
}

let reading = Promise.resolve();
/** One after the other: the last one counts. */
function reload(): void {
  reading = reading.then(readAgain);
}
answerHangUps({ reload, leave: () => leaving.signal('SIGINT') });

const scripted = Object.values(config.engines).includes('scripted');
if (config.selfCheck && !scripted) {
  const ca = config.tls ? readFileSync(config.tls.certPath, 'utf8') : undefined;
  await selfCheck(server, say, ca);
}
for (const line of greeting(server, config)) say(line);
// After everything else: who has just started a server calls it a moment later, if at all.
if (!scripted) await server.warmCalls();
