import assert from 'node:assert/strict';
import { Pages } from '../../extension/background/pages.ts';
import { PendingRequests } from '../../extension/background/pending.ts';
import { emptyLedger, type Ledger } from '../../extension/background/presence.ts';
import { type Sender } from '../../extension/background/sender.ts';
import { ConsentDesk } from '../../extension/background/signing/consent-desk.ts';
import { Signings } from '../../extension/background/signing/signings.ts';
import { type PageAnswer } from '../../extension/page-api/page-messages.ts';
import { limits } from '../../shared/limits.ts';
import { type ClientMessage } from '../../shared/messages.ts';
import { loginToken, nonce } from './agent-states.ts';
import { FakeClock } from './fake-clock.ts';

const journal = 'https://journal.example';

function background() {
  const clock = new FakeClock();
  const sent: ClientMessage[] = [];
  let ledger: Ledger = emptyLedger;
  let wanted = 0;
  const toldOfCard: string[] = [];
  let number = 0;
  const pending = new PendingRequests({
    post: (message) => sent.push(message),
    newId: () => `ours-${++number}`,
    later: clock.later,
  });
  pending.connected();
  const windows: string[] = [];
  const signings = new Signings({
    desk: new ConsentDesk({
      newTicket: () => 'ticket',
      open: (ticket) => Promise.resolve(windows.push(ticket)),
      close: () => windows.pop(),
    }),
    send: (message) => sent.push(message),
    giveUp: (id, code) => pending.giveUp(id, code),
    distrust: () => assert.fail('the agent is trusted here'),
  });
  const pages = new Pages({
    extensionId: 'own',
    extensionVersion: '9.9.9',
    language: () => 'en',
    now: clock.now,
    later: clock.later,
    pending,
    signings,
    wanted: () => wanted++,
    ledger: () => ledger,
    toldOfCard: (origin) => toldOfCard.push(origin),
  });
  const open = (changes: Partial<Sender> = {}) => {
    const answers: PageAnswer[] = [];
    const state = { isClosed: false };
    const sender = {
      id: 'own',
      tab: {},
      origin: journal,
      frameId: 0,
      documentId: 'D',
      documentLifecycle: 'active',
      ...changes,
    };
    const end = pages.connected({
      sender,
      post: (answer) => answers.push(answer),
      close: () => (state.isClosed = true),
    });
    return { answers, state, ...end };
  };
  return {
    clock,
    sent,
    pending,
    pages,
    open,
    toldOfCard,
    wanted: () => wanted,
    setLedger: (next: Ledger) => (ledger = next),
  };
}

const codes = (answers: readonly PageAnswer[]) =>
  answers.map((answer) => ('error' in answer ? answer.error.code : 'none'));

describe('documents that use the page API', () => {
  it("ask under an id of ours, with the origin of the port and never the page's word", () => {
    const { open, sent, wanted } = background();
    open().receive({ id: 'theirs', verb: 'authenticate', nonce });
    assert.deepEqual(sent, [
      {
        type: 'request',
        id: 'ours-1',
        language: 'en',
        verb: 'authenticate',
        nonce,
        caller: { kind: 'page', origin: journal },
      },
    ]);
    assert.equal(wanted(), 1);
  });

  it('get the answer under their own id, each their own, though the ids are the same', () => {
    const { open, pending } = background();
    const [one, two] = [open({ documentId: 'A' }), open({ documentId: 'B' })];
    one.receive({ id: 'x', verb: 'authenticate', nonce });
    two.receive({ id: 'x', verb: 'authenticate', nonce });
    pending.settle('ours-2', { result: loginToken });
    assert.deepEqual(one.answers, []);
    assert.deepEqual(two.answers, [{ id: 'x', result: loginToken }]);
  });

  it('get the version of the extension with the status', () => {
    const { open, pending } = background();
    const page = open();
    page.receive({ id: 'x', verb: 'status' });
    pending.settle('ours-1', { result: { agent: '0.1.0' } });
    assert.deepEqual(page.answers, [{ id: 'x', result: { version: '9.9.9', agent: '0.1.0' } }]);
  });

  it('are remembered once an answer has told them that a card is in, and not before', () => {
    const { open, pending, toldOfCard } = background();
    const page = open();
    for (const id of ['1', '2', '3']) page.receive({ id, verb: 'status' });
    page.receive({ id: 'login', verb: 'authenticate', nonce });
    pending.settle('ours-1', { result: { agent: '1' } });
    pending.settle('ours-2', { result: { agent: '1', card: 'absent' } });
    assert.deepEqual(toldOfCard, []);
    pending.settle('ours-3', { result: { agent: '1', card: 'present' } });
    assert.deepEqual(toldOfCard, [journal]);
    pending.settle('ours-4', { result: loginToken });
    assert.deepEqual(toldOfCard, [journal, journal]);
  });

  it('get an error with its sentence', () => {
    const { open, pending } = background();
    const page = open();
    page.receive({ id: 'x', verb: 'status' });
    pending.lost(undefined);
    assert.deepEqual(page.answers, [
      { id: 'x', error: { code: 'ERR_AGENT_STOPPED', message: 'Kortbro was restarted while it worked. Try again.' } },
    ]);
  });

  it('that may not ask are told why, and their port ends', () => {
    for (const [changes, code] of [
      [{ origin: 'null' }, 'ERR_REQUEST_ORIGIN'],
      [{ frameId: 3 }, 'ERR_REQUEST_FRAME'],
      [{ documentLifecycle: 'prerender' }, 'ERR_REQUEST_FRAME'],
    ] as const) {
      const { open, sent } = background();
      const page = open(changes);
      page.receive({ id: 'x', verb: 'status' });
      assert.deepEqual(codes(page.answers), [code]);
      assert.ok(page.state.isClosed);
      assert.deepEqual(sent, []);
    }
  });

  it('that may not ask cannot listen either, and are told so that they do not try for ever', () => {
    const { open, pages } = background();
    const page = open({ origin: 'null' });
    page.receive({ verb: 'listen' });
    pages.notify([{ name: 'cardremoved', origin: 'null', number: 1 }]);
    assert.deepEqual(page.answers, [{ listening: null }]);
  });

  it('are checked once more here: a content script lives in the process of its page', () => {
    const { open, sent } = background();
    const page = open();
    for (const message of [
      { id: 'x', verb: 'forget-pin' },
      { id: 'x', verb: 'certificates' },
      { id: 'x', verb: 'status', caller: { kind: 'user' } },
      { id: 'x', verb: 'status', origin: 'https://other.example' },
    ]) {
      page.receive(message);
    }
    page.receive({ id: 'x', verb: 'authenticate', nonce: 'short' });
    page.receive('x');
    assert.deepEqual(codes(page.answers), [...Array<string>(4).fill('ERR_REQUEST_INVALID'), 'ERR_REQUEST_NONCE']);
    assert.deepEqual(sent, []);
  });

  it('may have so many requests open, and no id twice', () => {
    const { open, sent, pending } = background();
    const page = open();
    page.receive({ id: '0', verb: 'authenticate', nonce });
    page.receive({ id: '0', verb: 'authenticate', nonce });
    assert.deepEqual(codes(page.answers), ['ERR_REQUEST_DUPLICATE']);
    for (let i = 1; i <= limits.openRequestsPerDocument; i++)
      page.receive({ id: String(i), verb: 'authenticate', nonce });
    assert.deepEqual(codes(page.answers), ['ERR_REQUEST_DUPLICATE', 'ERR_REQUEST_TOO_MANY']);
    assert.equal(sent.length, limits.openRequestsPerDocument);
    pending.settle('ours-1', { result: loginToken });
    page.receive({ id: 'next', verb: 'authenticate', nonce });
    assert.equal(sent.length, limits.openRequestsPerDocument + 1);
  });

  it('cannot use up what the connection may carry', () => {
    const { open, sent } = background();
    const opened = Array.from({ length: 20 }, (_, index) =>
      open({ documentId: `D${index}`, origin: `https://s${index}.example` }),
    );
    for (const page of opened) for (let i = 0; i < 8; i++) page.receive({ id: String(i), verb: 'authenticate', nonce });
    assert.equal(sent.length, limits.openRequestsPerConnection);
    assert.deepEqual(codes(opened.at(-1)?.answers ?? []), Array(8).fill('ERR_REQUEST_TOO_MANY'));
  });

  it('that ask in a loop are slowed down, others of another origin are not', () => {
    const { open, pending, clock } = background();
    const [busy, calm] = [open(), open({ origin: 'https://other.example' })];
    for (let i = 1; i <= 60; i++) {
      busy.receive({ id: String(i), verb: 'status' });
      pending.settle(`ours-${i}`, { result: { agent: '1' } });
    }
    assert.equal(codes(busy.answers).filter((code) => code === 'ERR_REQUEST_TOO_MANY').length, 20);
    calm.receive({ id: 'x', verb: 'status' });
    assert.deepEqual(calm.answers, []);
    clock.advance(1_000);
    const before = busy.answers.length;
    busy.receive({ id: 'later', verb: 'status' });
    assert.equal(busy.answers.length, before);
  });

  it('can take a request back, and its answer is dropped', () => {
    const { open, sent, pending } = background();
    const page = open();
    page.receive({ id: 'x', verb: 'authenticate', nonce });
    page.receive({ id: 'x', verb: 'cancel' });
    page.receive({ id: 'unknown', verb: 'cancel' });
    assert.deepEqual(sent.at(-1), { type: 'cancel', id: 'ours-1' });
    assert.equal(sent.length, 2);
    pending.settle('ours-1', { result: loginToken });
    assert.deepEqual(page.answers, []);
  });

  it('that go take everything with them', () => {
    const { open, sent, pending } = background();
    const [gone, stays] = [open({ documentId: 'A' }), open({ documentId: 'B' })];
    gone.receive({ id: '1', verb: 'authenticate', nonce });
    gone.receive({ id: '2', verb: 'status' });
    stays.receive({ id: '1', verb: 'status' });
    gone.gone();
    assert.deepEqual(sent.slice(3), [
      { type: 'cancel', id: 'ours-1' },
      { type: 'cancel', id: 'ours-2' },
    ]);
    assert.equal(pending.size, 1);
  });

  it('hear the notices of their own origin, if they listen', () => {
    const { open, pages } = background();
    const [one, two, other] = [open(), open({ documentId: 'B' }), open({ origin: 'https://other.example' })];
    one.receive({ verb: 'listen' });
    other.receive({ verb: 'listen' });
    pages.notify([{ name: 'cardremoved', origin: journal, number: 1 }]);
    assert.deepEqual(one.answers, [{ listening: 0 }, { event: 'cardremoved', number: 1 }]);
    assert.deepEqual(two.answers, []);
    assert.deepEqual(other.answers, [{ listening: 0 }]);
  });

  it('that come back are told what they have missed; new ones are not', () => {
    const { open, setLedger } = background();
    setLedger({ ...emptyLedger, notices: { [journal]: { cardremoved: 5, cardinserted: 4 } } });
    const [back, fresh] = [open(), open()];
    back.receive({ verb: 'listen', since: 3 });
    fresh.receive({ verb: 'listen' });
    assert.deepEqual(back.answers, [
      { event: 'cardinserted', number: 4 },
      { event: 'cardremoved', number: 5 },
      { listening: 5 },
    ]);
    assert.deepEqual(fresh.answers, [{ listening: 5 }]);
  });

  describe('at a logout', () => {
    const notice = { name: 'loggedout', origin: journal, number: 3, reason: 'card-removed' } as const;
    const told = { event: 'loggedout', number: 3, reason: 'card-removed' };

    /** Starts the farewell. @returns whether it has ended */
    function farewell(pages: Pages): () => Promise<boolean> {
      let isOver = false;
      void pages.farewell(notice).then(() => (isOver = true));
      return async () => {
        await Promise.resolve();
        return isOver;
      };
    }

    it('are told the reason, those of the origin that listen, and are waited for until they have settled', async () => {
      const { open, pages, clock } = background();
      const [one, two, silent, other] = [open(), open(), open(), open({ origin: 'https://other.example' })];
      for (const page of [one, two, other]) page.receive({ verb: 'listen' });
      const isOver = farewell(pages);
      assert.deepEqual([one.answers.at(-1), two.answers.at(-1)], [told, told]);
      assert.deepEqual([silent.answers, other.answers], [[], [{ listening: 0 }]]);
      for (const page of [one, two]) page.receive({ verb: 'received', number: 3 });
      clock.advance(limits.pageSilence);
      one.receive({ verb: 'settled', number: 3 });
      assert.equal(await isOver(), false);
      two.receive({ verb: 'settled', number: 2 });
      assert.equal(await isOver(), false, 'what settles is an earlier event');
      two.receive({ verb: 'settled', number: 3 });
      assert.equal(await isOver(), true);
      assert.equal(clock.waiting, 0);
    });

    it('hold nothing up where nobody listens', async () => {
      const { open, pages } = background();
      open();
      assert.equal(await farewell(pages)(), true);
    });

    it('that give no sign are waited for briefly, those that do for half a second', async () => {
      const { open, pages, clock } = background();
      const [frozen, busy] = [open(), open()];
      for (const page of [frozen, busy]) page.receive({ verb: 'listen' });
      const isOver = farewell(pages);
      busy.receive({ verb: 'received', number: 3 });
      clock.advance(limits.pageFarewell - 1);
      assert.equal(await isOver(), false);
      clock.advance(1);
      assert.equal(await isOver(), true);
      const alone = background();
      alone.open().receive({ verb: 'listen' });
      const isAloneOver = farewell(alone.pages);
      alone.clock.advance(limits.pageSilence - 1);
      assert.equal(await isAloneOver(), false);
      alone.clock.advance(1);
      assert.equal(await isAloneOver(), true);
    });

    it('that close meanwhile are not waited for', async () => {
      const { open, pages } = background();
      const page = open();
      page.receive({ verb: 'listen' });
      const isOver = farewell(pages);
      page.gone();
      assert.equal(await isOver(), true);
    });

    it('are told once, also when the worker died between: by what they have seen', async () => {
      const { open, pages, setLedger } = background();
      setLedger({ ...emptyLedger, notices: { [journal]: { loggedout: 3, reason: 'card-removed' } } });
      const [seen, missed] = [open(), open()];
      seen.receive({ verb: 'listen', since: 3 });
      missed.receive({ verb: 'listen', since: 2 });
      assert.deepEqual(missed.answers, [told, { listening: 3 }]);
      const isOver = farewell(pages);
      assert.deepEqual(seen.answers, [{ listening: 3 }]);
      assert.equal(missed.answers.length, 2);
      assert.equal(await isOver(), false, 'it is waited for like the others');
      missed.receive({ verb: 'settled', number: 3 });
      assert.equal(await isOver(), true);
    });
  });
});
