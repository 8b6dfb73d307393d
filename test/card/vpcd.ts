// The card's end of vpcd's TCP protocol (vsmartcard): two bytes of length, big-endian, then the bytes. A message of one byte is
// a control; anything longer is an APDU. One answer at a time, in order. A connection that closes is a card that is pulled.
import { connect, type Socket } from 'node:net';

/** What is plugged into the connection. */
export interface Contact {
  /** Asked at every poll (about every 400 ms) and after every power-on; must not be empty, that hangs the driver. */
  atr(): Uint8Array;
  powerOn(): void;
  powerOff(): void;
  reset(): void;
  /** Undefined sends no answer at all: the connection is about to end. */
  transmit(apdu: Buffer): Promise<Uint8Array | undefined>;
}

const CONTROL = { off: 0, on: 1, reset: 2, atr: 4 } as const;

export class VpcdConnection {
  /** Settles, never fails, when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #contact: Contact;
  #received = Buffer.alloc(0);
  #queue = Promise.resolve();

  /** Fails when nobody listens. */
  static open(port: number, contact: Contact): Promise<VpcdConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        resolve(new VpcdConnection(socket, contact));
        socket.off('error', reject);
      });
    });
  }

  private constructor(socket: Socket, contact: Contact) {
    this.#socket = socket;
    this.#contact = contact;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => this.#receive(chunk));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 2) {
      const end = 2 + this.#received.readUInt16BE(0);
      if (this.#received.length < end) return;
      const message = Buffer.from(this.#received.subarray(2, end));
      this.#received = this.#received.subarray(end);
      this.#queue = this.#queue.then(() => this.#answer(message));
    }
  }

  async #answer(message: Buffer): Promise<void> {
    if (this.#socket.destroyed || message.length === 0) return;
    if (message.length > 1) {
      const response = await this.#contact.transmit(message);
      if (response !== undefined) this.#send(response);
      return;
    }
    if (message[0] === CONTROL.off) this.#contact.powerOff();
    else if (message[0] === CONTROL.on) this.#contact.powerOn();
    else if (message[0] === CONTROL.reset) this.#contact.reset();
    else if (message[0] === CONTROL.atr) this.#send(this.#contact.atr());
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket.destroyed) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    this.#socket.write(Buffer.concat([length, bytes]));
  }
}
