// The place that stands in the address, followed as the user goes.
import { type Place, placeOf } from '../realtime/place.ts';
import { createStore, type Store } from './store.ts';

export function followPlace(): Store<Place> {
  const place = createStore(placeOf(location.hash));
  window.addEventListener('hashchange', () => place.set(placeOf(location.hash)));
  return place;
}
