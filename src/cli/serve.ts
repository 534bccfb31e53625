// A server from start to end: read the configuration, assemble, listen, prove that it works, and leave in order when told to.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { assemble, type ParleyServer } from '../assemble.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';
import { checkConfiguration } from './check.ts';
import { selfCheck } from './self-check.ts';
import { greeting } from './greeting.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog, type Log } from '../lib/log.ts';
import { modelsOn, MovingLine } from './progress-line.ts';

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
    return die(2, error.message);
  }
}

/** The same signal says that the window was closed in which the server was started. */
function terminalIsGone(): boolean {
  if (!process.stdin.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
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
      process.exit(0);
    }
    if (!values.check) return;
    const { lines, wrong } = checkConfiguration(process.env, process.cwd());
    for (const line of lines) say(line);
    process.exit(wrong.length === 0 ? 0 : 1);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    die(2, error.message);
  }
}

async function start(config: Config, log: Log): Promise<ParleyServer> {
  try {
    return await assemble(config, log, (line) => say(`  ${line}`), modelsOn(moving));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    return die(1, `cannot listen on ${config.host}:${config.port} (${code}). Set PORT or HOST to another.`);
  }
}

answerArguments();
const config = configuration();
const log = createLog(config.logLevel);
for (const warning of config.warnings) log.warn({}, warning);
say('Parley is getting its engines ready.');
const server = await start(config, log);

let leaving = false;
function leave(): void {
  if (leaving) process.exit(1);
  leaving = true;
  say('\nClosing.');
  void server.close().finally(() => process.exit(0));
}
process.on('SIGINT', leave);
process.on('SIGTERM', leave);

/** Keys and certificate again, from where they were read at the start. */
function reload(): void {
  try {
    const next = readConfig(process.env, process.cwd());
    server.reload(next);
    for (const warning of next.warnings) log.warn({}, warning);
    log.info({ keys: server.keys.length }, 'keys and certificate were read again');
  } catch (error) {
    log.error({ err: error }, 'keys and certificate cannot be read again: those of before stay');
  }
}
process.on('SIGHUP', () => (terminalIsGone() ? leave() : reload()));

const scripted = Object.values(config.engines).includes('scripted');
if (config.selfCheck && !scripted) {
  const ca = config.tls ? readFileSync(config.tls.certPath, 'utf8') : undefined;
  await selfCheck(server, say, ca);
}
for (const line of greeting(server, config)) say(line);
// After everything else: who has just started a server calls it a moment later, if at all.
if (!scripted) await server.warmCalls();
