// Who has the consent window, and what becomes of it.
import assert from 'node:assert/strict';
import { ConsentDesk } from '../../../extension/background/signing/consent-desk.ts';
import {
  parseConsentWish,
  type ConsentMessage,
  type ConsentWish,
} from '../../../extension/background/signing/consent-messages.ts';
import { consentTicket, placeOver } from '../../../extension/background/signing/consent-windows.ts';
import { type SigningConsent } from '../../../shared/signing.ts';
import { signingKey } from '../signing-agent.ts';

const consent: SigningConsent = {
  origin: 'https://journal.example',
  documents: [{ name: 'a', type: 'text/plain', size: 1, fingerprint: 'ab'.repeat(32) }],
  format: { type: 'raw' },
  level: 'B-B',
  keys: [signingKey],
};

function desk() {
  const opened: { ticket: string; arrive: () => Promise<void>; fail: () => Promise<void> }[] = [];
  const closed: number[] = [];
  let number = 0;
  const made = new ConsentDesk({
    newTicket: () => `ticket-${++number}`,
    open: (ticket) =>
      new Promise<number>((resolve, reject) => {
        const own = opened.length + 100;
        const after = async (): Promise<void> => new Promise((done) => setImmediate(done));
        opened.push({
          ticket,
          arrive: () => (resolve(own), after()),
          fail: () => (reject(new Error('no window')), after()),
        });
      }),
    close: (windowId) => closed.push(windowId),
  });
  const ask = (id: string) => {
    const wishes: ConsentWish[] = [];
    made.ask({ id, consent, windowId: 1, wish: (wish) => wishes.push(wish) });
    return wishes;
  };
  const connect = (ticket: string) => {
    const heard: ConsentMessage[] = [];
    const end = made.connected(ticket, (message) => heard.push(message));
    return end === undefined ? undefined : { heard, ...end };
  };
  return { desk: made, opened, closed, ask, connect };
}

describe('the consent window', () => {
  it('is opened once at a time, and shows its request to the page that has its ticket, once', () => {
    const { opened, ask, connect } = desk();
    ask('one');
    ask('two');
    assert.deepEqual(
      opened.map(({ ticket }) => ticket),
      ['ticket-1'],
    );
    assert.equal(connect('ticket-2'), undefined);
    assert.equal(connect(''), undefined);
    assert.deepEqual(connect('ticket-1')?.heard, [{ show: consent }]);
    assert.equal(connect('ticket-1'), undefined);
  });

  it('passes on what its page wishes, and nothing that is no wish', () => {
    const { ask, connect } = desk();
    const wishes = ask('one');
    const window = connect('ticket-1');
    for (const said of [7, null, {}, { verb: 'sign' }, { verb: 'read', document: 0 }, { verb: 'decline', more: 1 }])
      window?.receive(said);
    window?.receive({ verb: 'read', document: 0, offset: 0 });
    window?.receive({ verb: 'sign', certificate: 'key' });
    assert.deepEqual(wishes, [
      { verb: 'read', document: 0, offset: 0 },
      { verb: 'sign', certificate: 'key' },
    ]);
    assert.equal(parseConsentWish({ verb: 'read', document: 0.5, offset: 0 }), undefined);
  });

  it('that is closed means no, or after a yes that it is given up; then the next one is opened', async () => {
    for (const [isAnswered, verb] of [
      [false, 'decline'],
      [true, 'cancel'],
    ] as const) {
      const { opened, ask, connect, closed } = desk();
      const wishes = ask('one');
      ask('two');
      await opened[0]?.arrive();
      const window = connect('ticket-1');
      if (isAnswered) window?.receive({ verb: 'sign', certificate: 'key' });
      window?.gone();
      assert.equal(wishes.at(-1)?.verb, verb);
      assert.deepEqual(closed, [100]);
      assert.equal(opened[1]?.ticket, 'ticket-2');
      window?.receive({ verb: 'sign', certificate: 'key' });
      assert.equal(wishes.at(-1)?.verb, verb, 'it has nothing to say any more');
    }
  });

  it('that never comes, or goes before its page is there, means no', async () => {
    const { desk: made, opened, ask } = desk();
    const [one, two] = [ask('one'), ask('two')];
    await opened[0]?.fail();
    assert.deepEqual(one, [{ verb: 'decline' }]);
    await opened[1]?.arrive();
    made.windowClosed(7);
    assert.deepEqual(two, []);
    made.windowClosed(101);
    assert.deepEqual(two, [{ verb: 'decline' }]);
  });

  it('is closed with its request, even before it is there, and one that waits is never opened', async () => {
    const { desk: made, opened, closed, ask } = desk();
    ask('one');
    ask('two');
    ask('three');
    made.close('two');
    made.close('one');
    assert.deepEqual(
      opened.map(({ ticket }) => ticket),
      ['ticket-1', 'ticket-2'],
    );
    await opened[0]?.arrive();
    assert.deepEqual(closed, [100]);
    made.close('three');
    await opened[1]?.arrive();
    assert.deepEqual(closed, [100, 101]);
  });

  it('whose request has ended tells of it until it is closed, and gives way to the next', async () => {
    const { desk: made, opened, closed, ask, connect } = desk();
    const wishes = ask('one');
    await opened[0]?.arrive();
    const window = connect('ticket-1');
    made.tell('one', { failed: { code: 'ERR_CARD_REMOVED' } });
    made.release('one');
    window?.receive({ verb: 'sign', certificate: 'key' });
    assert.deepEqual(wishes, []);
    assert.deepEqual(window?.heard.at(-1), { failed: { code: 'ERR_CARD_REMOVED' } });
    assert.deepEqual(closed, []);
    ask('two');
    assert.deepEqual(closed, [100]);
    assert.equal(opened[1]?.ticket, 'ticket-2');
    window.gone();
    assert.deepEqual(wishes, []);
  });

  it('is one of ours, by its address', () => {
    const url = 'chrome-extension://own/consent/consent.html?ticket';
    assert.equal(consentTicket({ id: 'own', url }, 'own'), 'ticket');
    for (const sender of [
      undefined,
      { id: 'other', url },
      { id: 'own' },
      { id: 'own', url: 'https://x.example/consent/consent.html?ticket' },
      { id: 'own', url: 'chrome-extension://own/popup/popup.html?ticket' },
    ]) {
      assert.equal(consentTicket(sender, 'own'), undefined);
    }
  });

  it('stands in the middle of the window that asks, on whatever screen that is', () => {
    const place = placeOver({ left: -1920, top: 0, width: 1920, height: 1040 });
    assert.deepEqual(place, { left: -1500, top: 90, width: 1080, height: 860 });
    const small = placeOver({ left: 10, top: 10, width: 800, height: 600 });
    assert.deepEqual(small, { left: 10, top: 10, width: 800, height: 600 });
    assert.equal(placeOver({ left: 0 }), undefined);
  });
});
