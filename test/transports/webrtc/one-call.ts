// A process that answers one call, hangs up and closes nothing: workers.test.ts sees it end.
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { openWeriftMedia } from '../../../src/transports/webrtc/werift-media.ts';
import { audio, data, offer } from './offers.ts';

const options = {
  workers: 1,
  mostCalls: 5,
  portRange: undefined,
  publicAddress: undefined,
  interfaces: [],
  tcp: false,
  candidates: undefined,
  iceServers: [],
};
const media = openWeriftMedia(options, { log: silentLog, clock: systemClock });
const call = await media.answer(offer(audio(), data()), {
  onSound() {},
  onOpen() {},
  onMessage() {},
  onPlayed() {},
  onDigit() {},
  onTaken() {},
  onEnd() {},
});
call.close();
process.stdout.write('over\n');
