// What is told without a login: to the holder the whole picture, to a page nothing of the card before its holder let it in.
import assert from 'node:assert/strict';
import { agentState, pageStatus } from '../../../agent/operations/agent-state.ts';
import { listCertificates } from '../../../agent/operations/certificates.ts';
import { TokenError } from '../../../agent/tokens/token.ts';
import { KortbroError } from '../../../shared/errors.ts';
import { parseAgentMessage, parseResult } from '../../../shared/messages.ts';
import { productVersion } from '../../../shared/names.ts';
import { description, kortbroError } from '../fake-backend.ts';
import { settle } from '../fake-clock.ts';
import { certificateOf, commonName, name, serialNumber, utf8 } from '../certificates/der.ts';
import { picture } from '../reader-pictures.ts';
import { anna, barred, bertil, cardKey, journal, OperationWorld, stranger, type CardKey } from './operation-world.ts';

describe('What a page is told of the card', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  let bertils: CardKey;
  const status = (origin = journal) => pageStatus(world.context, origin);
  before(async () => {
    hsa = await cardKey('45');
    bertils = await cardKey('47', bertil);
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  it('is nothing before its holder has let it in, whether there is one or not', async () => {
    const nothing = { agent: productVersion };
    assert.deepEqual(status(), nothing);
    await world.insert([hsa]);
    assert.deepEqual(status(), nothing);
    await world.login();
    assert.deepEqual(
      [status(stranger), status(barred), status('null'), status('')],
      [nothing, nothing, nothing, nothing],
    );
  });

  it('is whether it is there, afterwards', async () => {
    await world.insert([hsa]);
    await world.login();
    assert.deepEqual(status(), { agent: productVersion, card: 'present' });
    world.pull();
    assert.deepEqual(status(), { agent: productVersion, card: 'absent' });
    await world.insert([hsa]);
    assert.deepEqual(status(), { agent: productVersion, card: 'present' });
  });

  it('is nothing of another holder\u2019s card, in the same reader or beside it', async () => {
    await world.insert([hsa]);
    await world.login();
    world.pull();
    await world.insert([bertils], { serialNumber: 'another' });
    assert.equal(status().card, 'absent');
    await world.insert([bertils], { serialNumber: 'a third' }, 'B');
    assert.equal(status().card, 'absent');
  });

  it('is nothing to the first holder\u2019s sites when the next one logs in', async () => {
    await world.insert([hsa]);
    await world.login();
    world.pull();
    await world.insert([bertils], { serialNumber: 'another' });
    await world.login(stranger);
    assert.deepEqual([status(journal), status(stranger).card], [{ agent: productVersion }, 'present']);
  });

  it('is no longer told to a site that policy refuses now', async () => {
    await world.insert([hsa]);
    await world.login();
    world.policy = world.policyOf({ otherSites: 'refuse' });
    assert.deepEqual(status(), { agent: productVersion });
    world.policy = { ok: false, path: 'p', line: 1, reason: 'x' };
    assert.throws(status, kortbroError('ERR_POLICY_INVALID'));
  });
});

describe('The picture for the holder', () => {
  let world: OperationWorld;
  let hsa: CardKey;
  const state = () => {
    const picture = agentState(world.context);
    // It must pass the parser of whoever reads it.
    assert.deepEqual(parseAgentMessage({ type: 'snapshot', sequence: 0, state: picture }), {
      type: 'snapshot',
      sequence: 0,
      state: picture,
    });
    return picture;
  };
  const token = () => state().readers[0]?.tokens[0];
  before(async () => {
    hsa = await cardKey('45');
  });
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  it('shows readers, cards and PIN-SSO', async () => {
    assert.deepEqual(state(), {
      version: productVersion,
      service: 'running',
      session: 'active',
      readers: [{ name: 'A', card: 'empty', tokens: [] }],
    });
    await world.insert([hsa], { pin: { state: 'low', triesLeft: 2 } });
    const key = token()?.key;
    assert.match(key ?? '', /^[0-9a-f]{16}$/);
    const fields = {
      key,
      holder: 'Anna Testsson',
      organisation: 'Testkliniken (demo)',
      holderId: anna.hsaId,
    };
    assert.deepEqual(token(), {
      ...fields,
      pin: { state: 'low', triesLeft: 2 },
      pinSso: false,
      sites: [],
    });
    await world.login();
    assert.deepEqual(token(), { ...fields, pin: { state: 'ok' }, pinSso: true, sites: [journal] });
    world.clock.advance(120 * 60_000);
    await settle();
    assert.deepEqual([token()?.pinSso, token()?.sites], [false, []]);
  });

  it('names the stay of a card: the same name while it is read again, another when it was pulled', async () => {
    await world.insert([hsa]);
    const key = token()?.key;
    await world.cards.rebind('A', true);
    assert.equal(token()?.key, key);
    world.pull();
    await world.insert([hsa]);
    assert.notEqual(token()?.key, key);
  });

  it('says that the session is locked, and that the service is not there', () => {
    world.suspend();
    assert.equal(state().session, 'suspended');
    world.cards.update(world.source, { service: 'stopped', connection: 1, readers: [] });
    assert.deepEqual([state().service, state().readers], ['stopped', []]);
  });

  it('costs the card nothing', async () => {
    await world.insert([hsa]);
    for (let i = 0; i < 10; i++) state();
    assert.deepEqual(world.driver.calls, []);
  });

  it('can be read whatever cards and readers call themselves', async () => {
    const long = '\u202e<script>😀\n'.repeat(100);
    const der = certificateOf({ subject: name([commonName, utf8(long)], [serialNumber, utf8(long)]) });
    await world.insert([{ ...hsa, der, label: long }], { label: long.slice(0, 100) });
    const text = JSON.stringify(state());
    assert.ok(text.isWellFormed() && !/[<\u202e]|\\n/.test(text));
    const readers = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${long}${i}`, ['empty', 0] as const]));
    world.cards.update({ name: 'many', backends: [] }, picture(readers));
    assert.equal(state().readers.length, 32);
  });

  it('shows a card without certificates by its label', async () => {
    await world.insert([], { label: 'SITHS' });
    assert.deepEqual([token()?.holder, token()?.holderId], ['SITHS', '']);
  });

  it('shows many tokens, and no more than its reader takes', async () => {
    world.driver.cards.set(
      'A',
      Array.from({ length: 12 }, (_, i) => description({ handle: String(i) })),
    );
    world.cards.update(world.source, picture({ A: ['present', 9] }));
    await settle();
    assert.equal(state().readers[0]?.tokens.length, 8);
  });
});

describe('The list of certificates', () => {
  let world: OperationWorld;
  const call = { language: 'sv', signal: new AbortController().signal, profile: 'p' } as const;
  beforeEach(() => {
    world = new OperationWorld();
  });
  afterEach(() => world.pinentry.remove());

  it('holds every certificate of every card, with level and problem', async () => {
    const [hsa, expired, signature] = await Promise.all([
      cardKey('45'),
      cardKey('46', anna, { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') }),
      cardKey('48', anna, { kind: 'signature' }),
    ]);
    const issuer = 'TEST SITHS e-id Person HSA-id 3 CA v1';
    world.policy = world.policyOf({ assuranceLevels: [{ policyOid: '2.999.752.1.3.1', issuer, level: 3 }] });
    await world.insert([hsa, expired, signature]);
    await world.insert([await cardKey('47', bertil)], {}, 'B');
    const { certificates } = await listCertificates(world.context, call);
    assert.deepEqual(
      certificates.map(({ reader, usage, holder, problem }) => [reader, usage, holder, problem]),
      [
        ['A', 'authentication', 'Anna Testsson', undefined],
        ['A', 'authentication', 'Anna Testsson', 'ERR_CARD_CERTIFICATE_INVALID'],
        ['A', 'signature', 'Anna Testsson', undefined],
        ['B', 'authentication', 'Bertil Provsson', undefined],
      ],
    );
    assert.equal(certificates[0]?.assuranceLevel, 3);
    assert.deepEqual(parseResult('certificates', { certificates }), { certificates });
    assert.deepEqual(world.driver.callsOf('bind').concat(world.pinentry.dialogs), ['bind B'].slice(1));
  });

  it('waits for cards that are being read, and can be called off', async () => {
    world.driver.bindInstead = () => new Promise(() => undefined);
    world.place([]);
    const asker = new AbortController();
    const listing = listCertificates(world.context, { ...call, signal: asker.signal });
    await settle();
    asker.abort(new KortbroError('ERR_REQUEST_CANCELLED'));
    await assert.rejects(listing, kortbroError('ERR_REQUEST_CANCELLED'));
  });

  it('is empty when no card can be read', async () => {
    world.driver.bindInstead = () => Promise.reject(new TokenError('ERR_CARD_FAILED'));
    world.place([]);
    await settle();
    assert.deepEqual(await listCertificates(world.context, call), { certificates: [] });
  });
});
