// Transfers within an answered call, asked of the far end and by it (RFC 3515): the true result comes as a NOTIFY.
import { CallFailure, type ReferResult } from './agent.ts';
import { responseTo } from './build.ts';
import { contactAt } from './core.ts';
import { type Established, sendingWithin } from './established.ts';
import { exchanged } from './exchange.ts';
import type { Timer } from '../../lib/clock.ts';
import type { SipRequest } from './message.ts';
import { fragmentStatus, referTarget, referTo } from './refer.ts';
import { reasonOf } from './status.ts';
import type { ServerTransaction } from './transactions/server.ts';
import { parameterOf } from './headers.ts';

/** So long may whom the far end calls take to answer. */
const resultMs = 180_000;
/** And so long the NOTIFY once the call itself is over: many hang up as soon as they have transferred. */
const afterEndMs = 32_000;

interface Asked {
  readonly number: number;
  readonly resolve: (result: ReferResult) => void;
  timer: Timer;
}

export class Referrals {
  readonly #call: Established;
  readonly #followed: () => void;
  #asked: Asked | undefined;

  /** @param followed run once the far end knows that we talk with whom it wanted. */
  constructor(call: Established, followed: () => void) {
    this.#call = call;
    this.#followed = followed;
  }

  /** Whether a result is still to come. */
  get waits(): boolean {
    return this.#asked !== undefined;
  }

  async refer(target: string, replaces: string | undefined): Promise<ReferResult> {
    const { core, dialog } = this.#call;
    if (this.#asked) throw new CallFailure(491, 'another transfer of this call is under way');
    const request = dialog.request('REFER', { headers: [{ name: 'Refer-To', value: referTo(target, replaces) }] });
    const told = new Promise<ReferResult>((resolve) => {
      const timer = core.clock.after(resultMs, () => this.#settle({ outcome: 'failed', status: 408 }));
      // Its NOTIFY may overtake the response.
      this.#asked = { number: request.cseq.number, resolve, timer };
    });
    const { status, response } = await exchanged(core, sendingWithin(this.#call, request));
    if (status >= 300) this.#settle({ outcome: 'refused', status });
    // Who declines to tell (RFC 4488) leaves open what becomes of it: that it was agreed to is all there is to know.
    else if (response?.headers.first('Refer-Sub')?.toLowerCase() === 'false') this.#settle({ outcome: 'accepted', status });
    return told;
  }

  receiveNotify(request: SipRequest, transaction: ServerTransaction): void {
    const event = request.headers.first('Event') ?? '';
    if (!/^refer[ \t]*(;|$)/i.test(event)) {
      transaction.respond(responseTo(request, 489, { headers: [{ name: 'Allow-Events', value: 'refer' }] }));
      return;
    }
    const id = parameterOf(event, 'id');
    if (!this.#asked || (id !== undefined && Number(id) !== this.#asked.number)) {
      transaction.respond(responseTo(request, 481));
      return;
    }
    transaction.respond(responseTo(request, 200));
    const status = fragmentStatus(request) ?? 0;
    const over = /^terminated/i.test(request.headers.first('Subscription-State') ?? '');
    if (status >= 200) this.#settle({ outcome: status < 300 ? 'accepted' : 'failed', status });
    else if (over) this.#settle({ outcome: 'failed', status: 487 });
  }

  receiveRefer(request: SipRequest, transaction: ServerTransaction): void {
    const target = referTarget(request.headers);
    if (!target) {
      transaction.respond(responseTo(request, 400));
      return;
    }
    const placed = this.#call.events.onRefer?.(target.uri, target.replaces);
    if (!placed) {
      transaction.respond(responseTo(request, 603));
      return;
    }
    const silent = request.headers.first('Refer-Sub')?.toLowerCase() === 'false';
    const headers = [
      { name: 'Contact', value: contactAt(this.#call.flow, request.uri) },
      ...(silent ? [{ name: 'Refer-Sub', value: 'false' }] : []),
    ];
    transaction.respond(responseTo(request, 202, { headers }));
    void this.#tellResult(
      placed.catch(() => 500),
      silent ? undefined : request.cseq.number,
    );
  }

  /** @param number of the REFER, where its sender wants to hear of it. */
  async #tellResult(placed: Promise<number>, number: number | undefined): Promise<void> {
    if (number !== undefined) void this.#notify(number, 100, 'active;expires=180');
    const status = await placed;
    if (number !== undefined) await this.#notify(number, status, 'terminated;reason=noresource');
    if (status < 300) this.#followed();
  }

  /** The call is over; the result may come still. Runs the task when nothing more is waited for. */
  callEnded(done: () => void): void {
    const { core } = this.#call;
    if (!this.#asked) {
      done();
      return;
    }
    const { resolve, timer } = this.#asked;
    timer.cancel();
    this.#asked.timer = core.clock.after(afterEndMs, () => this.#settle({ outcome: 'failed', status: 408 }));
    this.#asked = {
      ...this.#asked,
      resolve: (result) => {
        resolve(result);
        done();
      },
    };
  }

  #settle(result: ReferResult): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.timer.cancel();
    asked?.resolve(result);
  }

  async #notify(number: number, status: number, state: string): Promise<void> {
    const { core, dialog } = this.#call;
    const request = dialog.request('NOTIFY', {
      headers: [
        { name: 'Event', value: `refer;id=${number}` },
        { name: 'Subscription-State', value: state },
      ],
      body: { type: 'message/sipfrag;version=2.0', content: `SIP/2.0 ${status} ${reasonOf(status)}\r\n` },
    });
    await exchanged(core, sendingWithin(this.#call, request));
  }
}
