// PIN-SSO by a clock of our own: when a session is open, for whom, and for which reason it ends. Each end is told once.
import assert from 'node:assert/strict';
import { type PinSsoEnd } from '../../../agent/audit/audit-event.ts';
import { PinSso, type PinSsoLimits, type SsoToken } from '../../../agent/pin/pin-sso.ts';
import { KortbroError, type ErrorCode } from '../../../shared/errors.ts';
import { kortbroError } from '../fake-backend.ts';
import { FakeClock } from '../fake-clock.ts';

const minutes = 60_000;
const [journal, prescriptions] = ['https://journal.example.se', 'https://recept.example.se'];

class Token implements SsoToken {
  readonly fingerprint = '0123456789abcdef';
  readonly #end = new AbortController();
  readonly gone = this.#end.signal;
  leave(reason: unknown): void {
    this.#end.abort(reason);
  }
}

describe('PIN-SSO', () => {
  let clock: FakeClock;
  let limits: PinSsoLimits;
  let ended: { token: Token; reason: PinSsoEnd; sites: string[] }[];
  let sso: PinSso<Token>;
  let token: Token;
  const reasons = () => ended.map(({ reason }) => reason);

  beforeEach(() => {
    clock = new FakeClock();
    limits = { idleMinutes: 10, absoluteMinutes: 60 };
    ended = [];
    sso = new PinSso<Token>(
      clock,
      () => limits,
      (which, reason, sites) => ended.push({ token: which, reason, sites }),
    );
    token = new Token();
  });

  it('is not open before a PIN', () => {
    assert.equal(sso.isOpen(token), false);
    assert.deepEqual(
      [sso.sites(token), sso.hasSite(token, journal), sso.choice(token, journal)],
      [[], false, undefined],
    );
    assert.equal(sso.end(token, 'forgotten'), false);
    assert.equal(sso.endAll('forgotten'), 0);
    assert.deepEqual(ended, []);
  });

  it('lets in the site that the PIN dialog named, and no other', () => {
    sso.open(token, journal);
    assert.equal(sso.isOpen(token), true);
    assert.deepEqual([sso.hasSite(token, journal), sso.hasSite(token, prescriptions)], [true, false]);
    sso.used(token, prescriptions);
    assert.deepEqual(sso.sites(token), [journal, prescriptions]);
  });

  describe('ends by itself', () => {
    it('at the idle limit, to the millisecond', () => {
      sso.open(token, journal);
      clock.advance(10 * minutes - 1);
      assert.deepEqual([sso.isOpen(token), reasons()], [true, []]);
      clock.advance(1);
      assert.deepEqual(reasons(), ['idle-limit']);
      assert.equal(sso.isOpen(token), false);
      assert.equal(clock.pending, 0);
    });

    it('at the idle limit counted from the last use', () => {
      sso.open(token, journal);
      for (let i = 0; i < 4; i++) {
        clock.advance(9 * minutes);
        sso.used(token, journal);
      }
      clock.advance(10 * minutes - 1);
      assert.equal(sso.isOpen(token), true);
      clock.advance(1);
      assert.deepEqual(reasons(), ['idle-limit']);
    });

    it('at the absolute limit however much it is used', () => {
      sso.open(token, journal);
      for (let i = 0; i < 59; i++) {
        clock.advance(minutes);
        sso.used(token, journal);
      }
      assert.equal(sso.isOpen(token), true);
      clock.advance(minutes);
      assert.deepEqual(reasons(), ['absolute-limit']);
    });

    it('not later because it was looked at, asked or chosen in', () => {
      sso.open(token, journal);
      for (let i = 0; i < 9; i++) {
        clock.advance(minutes);
        sso.isOpen(token);
        sso.hasSite(token, journal);
        sso.choose(token, journal, '45');
        sso.sites(token);
      }
      clock.advance(minutes);
      assert.deepEqual(reasons(), ['idle-limit']);
    });

    it('by the limits that policy has now', () => {
      sso.open(token, journal);
      limits = { idleMinutes: 5, absoluteMinutes: 60 };
      sso.limitsChanged();
      clock.advance(5 * minutes - 1);
      assert.deepEqual(reasons(), []);
      clock.advance(1);
      assert.deepEqual(reasons(), ['idle-limit']);
    });

    it('at once when it is over by the limits that policy has now', () => {
      sso.open(token, journal);
      clock.advance(6 * minutes);
      limits = { idleMinutes: 5, absoluteMinutes: 60 };
      assert.equal(sso.isOpen(token), false);
      assert.deepEqual(reasons(), ['idle-limit']);
    });

    it('not before the limits that policy has now', () => {
      sso.open(token, journal);
      limits = { idleMinutes: 20, absoluteMinutes: 60 };
      clock.advance(19 * minutes);
      assert.equal(sso.isOpen(token), true);
      clock.advance(minutes);
      assert.deepEqual(reasons(), ['idle-limit']);
    });
  });

  const departures: [ErrorCode, PinSsoEnd][] = [
    ['ERR_CARD_REMOVED', 'card-removed'],
    ['ERR_CARD_CHANGED', 'card-changed'],
    ['ERR_CARD_SERVICE', 'service-stopped'],
    ['ERR_CARD_FAILED', 'login-lost'],
    ['ERR_AGENT_SESSION_LOCKED', 'session-locked'],
    ['ERR_AGENT_DRIVER_CRASHED', 'driver-stopped'],
  ];
  for (const [code, reason] of departures) {
    it(`ends by itself when the token goes with ${code}: ${reason}`, () => {
      sso.open(token, journal);
      sso.used(token, prescriptions);
      token.leave(new KortbroError(code));
      assert.deepEqual(ended, [{ token, reason, sites: [journal, prescriptions] }]);
      assert.equal(sso.isOpen(token), false);
      assert.equal(clock.pending, 0);
    });
  }

  it('ends when it is told to, once, for the reason that is given first', () => {
    sso.open(token, journal);
    assert.equal(sso.end(token, 'wrong-pin'), true);
    assert.equal(sso.end(token, 'forgotten'), false);
    token.leave(new KortbroError('ERR_CARD_REMOVED'));
    clock.advance(120 * minutes);
    assert.deepEqual(reasons(), ['wrong-pin']);
  });

  it('ends for every token at once', () => {
    const other = new Token();
    sso.open(token, journal);
    sso.open(other, prescriptions);
    assert.equal(sso.endAll('session-locked'), 2);
    assert.deepEqual(reasons(), ['session-locked', 'session-locked']);
    assert.deepEqual([sso.isOpen(token), sso.isOpen(other), clock.pending], [false, false, 0]);
  });

  it('is over while it tells that it has ended', () => {
    let open: boolean | undefined;
    const watched = new PinSso<Token>(
      clock,
      () => limits,
      (which) => (open = watched.isOpen(which)),
    );
    watched.open(token, journal);
    watched.end(token, 'forgotten');
    assert.equal(open, false);
  });

  it('does not open for a token that has gone already', () => {
    token.leave(new KortbroError('ERR_CARD_REMOVED'));
    assert.throws(() => sso.open(token, journal), kortbroError('ERR_CARD_REMOVED'));
    assert.deepEqual([sso.isOpen(token), clock.pending], [false, 0]);
  });

  it('belongs to the token itself: one that looks alike is not open, and its end is not the end of this one', () => {
    const alike = new Token();
    sso.open(token, journal);
    assert.equal(sso.isOpen(alike), false);
    sso.end(alike, 'forgotten');
    sso.used(alike, prescriptions);
    assert.equal(sso.isOpen(token), true);
    assert.deepEqual([sso.sites(token), sso.sites(alike)], [[journal], []]);
  });

  it('begins anew with the next PIN: no site, no choice and no time is left over', () => {
    sso.open(token, journal);
    sso.choose(token, journal, '45');
    clock.advance(9 * minutes);
    sso.end(token, 'forgotten');
    sso.open(token, prescriptions);
    assert.deepEqual([sso.sites(token), sso.choice(token, journal)], [[prescriptions], undefined]);
    clock.advance(10 * minutes - 1);
    assert.equal(sso.isOpen(token), true);
    token.leave(new KortbroError('ERR_CARD_REMOVED'));
    assert.deepEqual(reasons(), ['forgotten', 'card-removed']);
  });

  it('remembers a choice for each site', () => {
    sso.open(token, journal);
    sso.choose(token, journal, '45');
    sso.choose(token, prescriptions, '46');
    sso.choose(token, journal, '47');
    assert.deepEqual([sso.choice(token, journal), sso.choice(token, prescriptions)], ['47', '46']);
  });
});
