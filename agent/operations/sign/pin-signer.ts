// One PIN for the signatures of one consent: asked for when the first of them is about to be made, held as bytes until the last,
// zeroed whatever happens. The card gets it for each signature, as it wants it, and its identity is read again before each.
import { createHash } from 'node:crypto';
import { type SignatureAlgorithm } from '../../../shared/signing.ts';
import { signWithPin } from '../../cards/signature-key.ts';
import { secretCopy, zero } from '../../native/secret-memory.ts';
import { signingFinalTryDialog, signingPinDialog, type SigningText } from '../../pin/signature-texts.ts';
import { hashOf } from '../../tokens/digest-info.ts';
import { withPin } from '../ask-pin.ts';
import { type OperationCall, type OperationContext } from '../context.ts';
import { type SigningPlace } from './signing-places.ts';

export class PinSigner {
  readonly #context: OperationContext;
  readonly #call: OperationCall;
  readonly #text: SigningText;
  /** The key that was agreed to, looked up anew: throws when it may not sign any more. `hasBegun`: the PIN has been given. */
  readonly #place: (hasBegun: boolean) => SigningPlace;
  #pin: Buffer | undefined;
  #hasEnded = false;

  /** Belongs inside a dialog turn. `call` ends the dialog and whatever waits. */
  constructor(
    context: OperationContext,
    call: OperationCall,
    text: SigningText,
    place: (hasBegun: boolean) => SigningPlace,
  ) {
    this.#context = context;
    this.#call = call;
    this.#text = text;
    this.#place = place;
  }

  /** Signs the hash of `bytes`. @throws as withPin and signWithPin */
  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    const { algorithm } = this.#place(this.#pin !== undefined);
    return this.signHash(algorithm, createHash(hashOf(algorithm).name).update(bytes).digest());
  }

  /** Signs a ready-made hash. @throws as sign */
  async signHash(algorithm: SignatureAlgorithm, digest: Uint8Array): Promise<Uint8Array> {
    const place = this.#place(this.#pin !== undefined);
    if (this.#pin !== undefined) {
      const wanted = { algorithm, digest, finalTryConfirmed: false };
      return signWithPin(place, wanted, secretCopy(this.#pin), this.#call.signal);
    }
    const { language } = this.#call;
    const dialogs = {
      pin: (status: Parameters<typeof signingPinDialog>[2]) => signingPinDialog(language, this.#text, status),
      finalTry: signingFinalTryDialog(language, this.#text),
    };
    return withPin(this.#context, this.#call, place.token, dialogs, async (pin, finalTryConfirmed, signal) => {
      const now = this.#place(false);
      const kept = secretCopy(pin);
      try {
        const signature = await signWithPin(now, { algorithm, digest, finalTryConfirmed }, pin, signal);
        // The card may finish after the holder has had enough: nobody would forget a PIN that is kept then.
        if (!this.#hasEnded) this.#pin = kept;
        return signature;
      } finally {
        if (this.#pin !== kept) zero(kept);
      }
    });
  }

  /** Forgets the PIN. */
  end(): void {
    this.#hasEnded = true;
    if (this.#pin !== undefined) zero(this.#pin);
    this.#pin = undefined;
  }
}
