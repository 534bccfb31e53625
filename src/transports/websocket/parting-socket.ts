// A WebSocket that knows whether somebody takes leave: a connection that merely breaks looks the same to `readyState`.
import { WebSocket } from 'ws';

export class PartingSocket extends WebSocket {
  #isParting = false;

  /** We have closed it, or the far side has said that it does: ws answers that by closing, too. */
  get isParting(): boolean {
    return this.#isParting;
  }

  override close(code?: number, data?: string | Buffer): void {
    this.#isParting = true;
    super.close(code, data);
  }
}
