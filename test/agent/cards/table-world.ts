// A table of cards with a driver and a clock that a test plays, and what the table has told, in short.
import assert from 'node:assert/strict';
import { type BoundToken } from '../../../agent/cards/bound-token.ts';
import { CardTable, type CardChange, type CardSource, type ReaderEntry } from '../../../agent/cards/card-table.ts';
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { FakeBackend, description } from '../fake-backend.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { picture } from '../reader-pictures.ts';

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** The code with which a token has gone; undefined while it is there. */
export function reasonOf(token: BoundToken | undefined): string | undefined {
  assert.ok(token, 'a token was expected');
  const reason: unknown = token.gone.reason;
  return token.gone.aborted ? (reason instanceof KortbroError ? reason.code : String(reason)) : undefined;
}

export class TableWorld {
  readonly clock = new FakeClock();
  readonly driver = new FakeBackend();
  readonly changes: CardChange[] = [];
  readonly table = new CardTable(this.clock, (change) => this.changes.push(change));
  source: CardSource = { name: 'pcsc', backends: [this.driver] };

  constructor() {
    this.driver.cards.set('A', [description({ handle: 'h1' })]);
    this.look({});
    this.changes.length = 0;
  }

  /** The source shows this picture. */
  look(...readers: Parameters<typeof picture>): void {
    this.table.update(this.source, picture(...readers));
  }

  /** Another source, which has shown an empty picture. */
  from(...backends: FakeBackend[]): void {
    this.source = { name: 'other', backends };
    this.look({});
    this.changes.length = 0;
  }

  /** The changes that matter. */
  told(): string[] {
    return this.changes.flatMap((change) => {
      if (change.kind === 'readers') return [];
      if (change.kind === 'service') return [`service ${change.running ? 'running' : 'stopped'}`];
      if (change.kind === 'left') return [`left ${change.reader} ${change.cause} ${change.tokens.length}`];
      if (change.kind === 'unreadable') return [`unreadable ${change.reader} ${change.code}`];
      return [`${change.kind} ${change.reader}`];
    });
  }

  card(reader = 'A'): ReaderEntry['card'] | undefined {
    return this.table.readers.find(({ name }) => name === reader)?.card;
  }

  problem(reader = 'A'): ErrorCode | undefined {
    return this.table.readers.find(({ name }) => name === reader)?.problem;
  }

  /** A card in reader A, bound; what led there is forgotten. */
  async bindFirst(): Promise<BoundToken> {
    this.table.update(this.source, picture({ A: ['present', 1] }));
    await settle();
    this.changes.length = 0;
    this.driver.calls.length = 0;
    const [token] = this.table.tokens;
    assert.ok(token);
    return token;
  }
}
