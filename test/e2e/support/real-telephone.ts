// What a test does with somebody else's program as a telephone, whichever it is.

export type Codec = 'PCMU' | 'PCMA' | 'opus';

export interface TelephoneOptions {
  /** Whom it calls; without one it waits, and answers whoever calls `uri`. */
  readonly uri?: string;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly codec: Codec;
  /** Encrypts its sound, or makes no call. */
  readonly srtp?: boolean;
  /** What linphone shows where it is asked; its user name is `phone`. */
  readonly password?: string;
  /** The file of the certificate that it trusts, where it is one that checks. */
  readonly trusted?: string;
}

export interface RealTelephone {
  /** Where it is called. */
  readonly uri: string;
  /** What it has said about its calls. */
  readonly output: string;
  /** Says this from now on, and nothing after it; what it was saying is broken off. Samples at 24 kHz. */
  speak(samples: Int16Array): Promise<void>;
  /** What has come until now, at 24 kHz. */
  readonly heard: Int16Array;
  /** Presses keys, one after another. */
  press(keys: string): Promise<void>;
  /** The keys that its far side has pressed. */
  readonly pressed: string;
  hold(): Promise<void>;
  resume(): Promise<void>;
  /** Has its far side call somebody else. */
  transfer(uri: string): Promise<void>;
  /** Hangs up, and goes. */
  hangUp(): Promise<void>;
}
