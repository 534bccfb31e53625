// What carries messages: the plug between the transactions and the sockets below (RFC 3261 section 18).

export type TransportName = 'udp' | 'tcp' | 'tls';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a message is to go, looked up. */
export interface Destination extends Address {
  readonly transport: TransportName;
  /** The name that the certificate of a TLS server has to bear (RFC 5922). */
  readonly serverName?: string;
}

/** A place as it is told apart from others. */
export function placeName({ transport, host, port }: Pick<Destination, 'transport' | 'host' | 'port'>): string {
  return `${transport} ${host} ${port}`;
}

/** A way to one far end: a connection, or one of our UDP ports with an address there. */
export interface Flow {
  readonly transport: TransportName;
  /** Whether it repeats what gets lost by itself: then no transaction does. */
  readonly reliable: boolean;
  readonly remote: Address;
  /** Where the far end reaches us, for Via and Contact. */
  readonly local: Address;
  /** Names that the far end's certificate bears, where it was asked for one and it is valid. */
  readonly peerNames: readonly string[];
  readonly open: boolean;
  /** What cannot be sent any more is dropped. */
  send(bytes: Buffer): void;
  /** Runs the task when the connection is lost; the result takes it back. Of UDP it never runs. */
  onLost(task: () => void): () => void;
  /** The same far end at another of its UDP ports; a connection itself. */
  at(port: number): Flow;
  /** Who uses it is no stranger: its connection may be idle for long, and its messages long. */
  welcome(): void;
}

export interface Network {
  readonly addresses: readonly (Address & { readonly transport: TransportName })[];
  /**
   * A way there: an open connection if there is one.
   * @throws Error where none can be had, in time.
   */
  connect(to: Destination): Promise<Flow>;
  close(): Promise<void>;
}

/** Told of the bytes of each whole message. */
export type OnBytes = (bytes: Buffer, flow: Flow) => void;
