// One signature for one PIN, in a session of its own, so that nothing which goes wrong leaves a signature begun. Sends the PIN as often
// as the module wants it for that one signature, and never again after it was refused.
import { type PinSignature, TokenError } from '../token.ts';
import { type BoundToken, logInAnew } from './bound-card.ts';
import { ckrOk, tokenErrorOfCkr } from './ckr.ts';
import { type Cryptoki, type ObjectHandle, type Session } from './cryptoki.ts';

/** The module did not take the PIN, for which it gives this CKR code. */
export class PinRefused extends Error {
  override readonly name = 'PinRefused';
  readonly code: number;

  constructor(code: number) {
    super('the PIN was refused');
    this.code = code;
  }
}

/** A signature. `remembers`: the card may take the PIN for given, and nobody has asked for that. */
export interface SignedWithPin {
  signature: Uint8Array;
  remembers: boolean;
}

interface SigningKey {
  handle: ObjectHandle;
  alwaysAuthenticate: boolean;
}

/** `checkCard` throws when another card has come; it is asked before the PIN is sent a second time. @throws PinRefused, TokenError */
export async function signOnce(
  module: Cryptoki,
  token: BoundToken,
  { certificate, algorithm, digest }: PinSignature,
  pin: Uint8Array,
  checkCard: () => Promise<void>,
): Promise<SignedWithPin> {
  const wasLoggedIn = token.loggedIn;
  const session = module.openSession(token.slot);
  try {
    let key = keyIn(module, session, certificate);
    let sent = false;
    if (key?.alwaysAuthenticate !== true || !(token.loggedIn || token.keysShown)) {
      const code = logInAnew(module, token, pin);
      if (code !== ckrOk) throw new PinRefused(code);
      sent = true;
      key = keyIn(module, session, certificate);
    }
    if (key === undefined) throw new TokenError('ERR_CARD_FAILED', { native: 'no private key with this CKA_ID' });
    const authenticate = async (): Promise<void> => {
      if (sent) await checkCard();
      const code = module.loginForSignature(session, pin);
      // A PIN that was right a moment ago is not judged by what comes now.
      if (code !== ckrOk) throw sent ? tokenErrorOfCkr(code) : new PinRefused(code);
    };
    const more = key.alwaysAuthenticate ? [authenticate] : [];
    const signature = await module.sign(session, key.handle, algorithm, digest, ...more);
    const remembers = !wasLoggedIn && !everyKeyAsks(module, session);
    token.loggedIn = wasLoggedIn;
    token.keysShown = !wasLoggedIn;
    return { signature, remembers };
  } finally {
    module.closeSession(session);
  }
}

function keyIn(module: Cryptoki, session: Session, certificate: string): SigningKey | undefined {
  const handle = module.privateKey(session, certificate);
  return handle === undefined ? undefined : { handle, alwaysAuthenticate: module.alwaysAuthenticates(session, handle) };
}

/** Then a login opens nothing: each key takes the PIN for itself, and the card has spent it with the signature. */
function everyKeyAsks(module: Cryptoki, session: Session): boolean {
  return module.privateKeys(session).every((key) => module.alwaysAuthenticates(session, key));
}
