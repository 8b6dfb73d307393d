// Sights of card readers in few words, for tests of presence: Anna and Bertil, readers A and B.
import {
  type CardSight,
  type HolderIdentity,
  type Presence,
  type ReaderSight,
  type SeenToken,
} from '../../../agent/cards/holder-presence.ts';

export const anna: HolderIdentity = {
  card: 'card of Anna',
  certificate: 'certificate of Anna',
  beside: ['another of Anna'],
};
export const bertil: HolderIdentity = { card: 'card of Bertil', certificate: 'certificate of Bertil', beside: [] };
/** How long a card may take to be read, in these tests. */
export const identifyTime = 2_000;

export const tokenOf = (holder: HolderIdentity, ...more: string[]): SeenToken => ({
  names: [holder.card],
  isNameless: false,
  certificates: [holder.certificate, ...more],
});

const state = (card: ReaderSight['card'], name: string, counter: number, tokens: SeenToken[] = []): ReaderSight => ({
  name,
  card,
  generation: card === 'empty' || card === 'mute' ? undefined : `1/${name}/${counter}`,
  tokens,
});

export const empty = (name = 'A'): ReaderSight => state('empty', name, 0);
export const mute = (name = 'A'): ReaderSight => state('mute', name, 0);
export const unread = (counter = 1, name = 'A'): ReaderSight => state('unread', name, counter);
export const unreadable = (counter = 1, name = 'A'): ReaderSight => state('unreadable', name, counter);
export const cardOf = (holder: HolderIdentity, counter = 1, name = 'A'): ReaderSight =>
  state('read', name, counter, [tokenOf(holder)]);
/** A card that has been read, in reader A: a token that is called so, with these certificates. */
export const cardWith = (names: readonly string[], certificates: readonly string[], counter = 1): ReaderSight =>
  state('read', 'A', counter, [{ names, isNameless: false, certificates }]);
/** The same of one that should have named itself, and of which there is its driver's word alone. */
export const namelessCard = (serialNumber: string, certificates: readonly string[], counter = 1): ReaderSight =>
  state('read', 'A', counter, [{ names: [serialNumber], isNameless: true, certificates }]);

/** What is seen in an active session with the service running. */
export const see = (...readers: ReaderSight[]): CardSight => ({ service: 'running', session: 'active', readers });
export const locked = (...readers: ReaderSight[]): CardSight => ({ ...see(...readers), session: 'locked' });
export const away = (...readers: ReaderSight[]): CardSight => ({ ...see(...readers), session: 'away' });
export const noService: CardSight = { ...see(), service: 'stopped' };

/** In few words: `present A`, `doubtful service`, `gone removed`. */
export function short(presence: Presence | undefined): string {
  if (presence === undefined) return 'unknown';
  return `${presence.state} ${presence.state === 'present' ? presence.spot.reader : presence.why}`;
}
