// A server from start to end: read the configuration, assemble, listen, prove that it works, and leave in order when told to.
import { readFileSync } from 'node:fs';
import { assemble, type ParleyServer } from '../assemble.ts';
import { selfCheck } from './self-check.ts';
import { greeting } from './greeting.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { SetupError } from '../lib/own-file.ts';
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

async function start(config: Config): Promise<ParleyServer> {
  try {
    return await assemble(config, createLog(config.logLevel), (line) => say(`  ${line}`), modelsOn(moving));
  } catch (error) {
    if (error instanceof SetupError) return die(1, error.message);
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw error;
    return die(1, `cannot listen on ${config.host}:${config.port} (${code}). Set PORT or HOST to another.`);
  }
}

const config = configuration();
say('Parley is getting its engines ready.');
const server = await start(config);

let leaving = false;
function leave(): void {
  if (leaving) process.exit(1);
  leaving = true;
  say('\nClosing.');
  void server.close().finally(() => process.exit(0));
}
process.on('SIGINT', leave);
process.on('SIGTERM', leave);

const scripted = Object.values(config.engines).includes('scripted');
if (config.selfCheck && !scripted) {
  const ca = config.tls ? readFileSync(config.tls.certPath, 'utf8') : undefined;
  await selfCheck(server, say, ca);
}
for (const line of greeting(server, config)) say(line);
// After everything else: who has just started a server calls it a moment later, if at all.
if (!scripted) await server.warmCalls();
