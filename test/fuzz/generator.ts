// What one hostile client says: sound events, spoiled ones, malformed ones and rubbish, all of it drawn from one seed.
import type { Chance } from '../session/chance.ts';
import { spoil } from '../session/random-events.ts';
import { faultyEvent } from './faulty-events.ts';
import { type Caller, type Frame, frameOf } from './frame.ts';
import { extras, monster, unreadable } from './rubbish.ts';
import { ValidEvents } from './valid-events.ts';

/** Ends of an id: clients may choose any characters. */
const idEnds = ['', '', '', '', ' ', '"', '\\', '\u0000', '\ud800', '\u2028', 'ö', '\ud83d\ude00', '__proto__'];
const weights = { valid: 34, widened: 8, spoiled: 20, faulty: 26, unreadable: 9, doubled: 2, monster: 0.3 };

export class Generator {
  readonly #chance: Chance;
  readonly #caller: Caller;
  readonly valid: ValidEvents;
  #count = 0;

  constructor(chance: Chance, caller: Caller) {
    this.#chance = chance;
    this.#caller = caller;
    this.valid = new ValidEvents(chance, caller);
  }

  next(): Frame {
    const chance = this.#chance;
    const id = this.#id();
    const { message, refused } = this.valid.next();
    const what = String(message['type']);
    const identified = { event_id: id, ...message };
    switch (chance.weighted(weights)) {
      case 'valid':
        // An event needs no id of its own; an error about it then names none.
        return chance.often(0.1) && refused !== 'maybe' ? frameOf(message, refused, what) : frameOf(identified, refused, what);
      case 'widened': {
        const frame = frameOf(identified, refused, `${what} with more in it`);
        return { ...frame, data: `{${chance.pick(extras)},${String(frame.data).slice(1)}` };
      }
      case 'spoiled': {
        const copy = structuredClone(identified);
        spoil(copy, chance);
        return frameOf(copy, 'maybe', `${what}, spoiled`);
      }
      case 'faulty': {
        const faulty = faultyEvent(chance, this.#caller, id);
        return frameOf(faulty.message, 'always', faulty.at);
      }
      case 'unreadable':
        return unreadable(chance, JSON.stringify(identified));
      case 'doubled':
        return frameOf({ type: 'no.such.event', event_id: 'always_the_same' }, 'always', 'an id that was used before');
      case 'monster':
        return monster(chance, this.#caller, id);
    }
  }

  #id(): string {
    this.#count += 1;
    return `ev_${this.#count}${this.#chance.pick(idEnds)}`;
  }
}
