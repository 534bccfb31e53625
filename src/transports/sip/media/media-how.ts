// How a call's sound is to be carried, as whoever signals it knows: that depends on the trunk, and on how its messages came.
import type { CodecName } from './media-codecs.ts';

export interface MediaHow {
  /**
   * `off`: keys are overlooked, and a call that insists on them is refused. `when-offered`: taken where there are some, and not offered.
   * `required`: what comes without is refused.
   */
  readonly srtp: 'off' | 'when-offered' | 'required';
  /** Whether the messages of the call are encrypted: keys that anybody could read protect nothing, and are not taken. */
  readonly secureSignalling: boolean;
  /** Keys are taken all the same. */
  readonly keysInClear?: boolean;
  /** What may be spoken, best first; PCMU, PCMA and Opus when it is not said. */
  readonly codecs?: readonly CodecName[];
  /** The address to be written down, as the far side reaches this machine; else the public one of the options, or the machine's own. */
  readonly address?: string;
  /**
   * Who is listened to. `first`: whoever sends a packet of this call first, and then nobody else, which is what telephones behind NAT
   * need. `described`: only the address of the description. Networks (`203.0.113.0/24`): only those.
   */
  readonly sources?: 'first' | 'described' | readonly string[];
}

export const everyCodec: readonly CodecName[] = ['PCMU', 'PCMA', 'opus'];
