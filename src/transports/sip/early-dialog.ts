// A branch of a call of ours that is not answered yet: what its far end may ask before it answers (RFC 3261 section 12.1, RFC 3311).
import type { DialogEvents } from './agent.ts';
import { descriptionOf } from './body.ts';
import { responseTo, sdpBody } from './build.ts';
import type { Core, DialogUser } from './core.ts';
import type { Dialog } from './dialog.ts';
import { abilities, ourAbilities } from './established.ts';
import type { Flow } from './flow.ts';
import type { SipRequest } from './message.ts';
import type { InviteServerTransaction } from './transactions/invite-server.ts';
import type { ServerTransaction } from './transactions/server.ts';

export class EarlyDialog implements DialogUser {
  readonly dialog: Dialog;
  /** The number of the last reliable provisional response that was acknowledged; 0 before the first. */
  heard = 0;
  /** The last description that came. */
  sdp: string | undefined;
  readonly #core: Core;
  readonly #events: DialogEvents;

  constructor(core: Core, dialog: Dialog, events: DialogEvents) {
    this.dialog = dialog;
    this.#core = core;
    this.#events = events;
    core.dialogs.set(dialog.key, this);
  }

  receive(request: SipRequest, transaction: ServerTransaction, flow: Flow): void {
    if (!this.dialog.takeInOrder(request)) transaction.respond(responseTo(request, 500));
    else if (request.method === 'UPDATE') void this.#update(request, transaction, flow);
    else transaction.respond(responseTo(request, 405, { headers: abilities }));
  }

  /** Their INVITE would be a second one while ours has no answer (section 14.2). */
  receiveInvite(request: SipRequest, transaction: InviteServerTransaction): void {
    transaction.respond(responseTo(request, 491));
  }

  receiveAck(): void {}

  /** Who calls takes the call back itself. */
  close(): void {}

  /** The call is answered, on this branch or another, or has failed. */
  forget(): void {
    if (this.#core.dialogs.get(this.dialog.key) === this) this.#core.dialogs.delete(this.dialog.key);
  }

  async #update(request: SipRequest, transaction: ServerTransaction, flow: Flow): Promise<void> {
    const description = descriptionOf(request);
    if (description.kind === 'unsupported') {
      transaction.respond(responseTo(request, 415, { headers: [{ name: 'Accept', value: 'application/sdp' }] }));
      return;
    }
    // Our own offer has to be answered before there may be another (RFC 3311 section 5.2).
    if (description.kind === 'sdp' && this.sdp === undefined) {
      transaction.respond(responseTo(request, 491));
      return;
    }
    const headers = ourAbilities(flow, request);
    if (description.kind === 'none') {
      this.dialog.retarget(request);
      transaction.respond(responseTo(request, 200, { headers }));
      return;
    }
    const answer = await this.#events.onSession(description.sdp, 'update').catch((error: unknown) => {
      this.#core.log.warn({ err: error }, 'a change of a call before its answer could not be answered');
      return { status: 500 };
    });
    if (typeof answer === 'string') {
      this.dialog.retarget(request);
      this.sdp = description.sdp;
      transaction.respond(responseTo(request, 200, { headers, body: sdpBody(answer) }));
    } else {
      transaction.respond(responseTo(request, answer.status));
    }
  }
}
