// A card behind a PKCS#11 module: a real one in somebody's hand, or a virtual one that is put in and pulled over a socket.
import { commandCard } from './card-control.ts';
import { type CardDriver } from './card-driver.ts';

/** @param module absolute path of the driver. @param control socket of whoever plays the card (card-control.ts), if anybody does */
export function pkcs11Card(module: string, control: string | undefined): CardDriver {
  const byHand = () => Promise.reject(new Error('this card is put in and pulled by hand'));
  return {
    title: control === undefined ? 'card in a reader' : 'card in a reader, by program',
    source: { type: 'pkcs11', module },
    environment: {},
    controlled: control !== undefined,
    // The modules of the kinds that are known show an IDPrime as one token.
    hasSignaturePin: false,
    insert: control === undefined ? byHand : (card) => commandCard(control, { insert: card, reader: 0 }),
    remove: control === undefined ? byHand : () => commandCard(control, { remove: 0 }),
    stop: () => Promise.resolve(),
  };
}
