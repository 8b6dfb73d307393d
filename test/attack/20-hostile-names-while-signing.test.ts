// 20, for signing: names of documents, sites' words and what stands in a card's certificate can neither hide nor break what stands
// around them; a certificate that is odd or another key's signs nothing.
import assert from 'node:assert/strict';
import { anna } from '../../demo/pki/persons.ts';
import { type SimulatedCardDefinition, writeSimulatedCard } from '../../agent/tokens/simulator/simulated-card-file.ts';
import { limits } from '../../shared/limits.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { SigningClient } from '../support/signing-client.ts';
import { pdfDocument } from '../signatures/documents.ts';
import { issue, simulatedTwoPinCard, twoPinCard } from '../support/test-cards.ts';
import {
  atConsent,
  honestSignature,
  newDocument,
  raw,
  sayYes,
  startSigningTarget,
  type SigningTarget,
} from './signing-target.ts';
import { journal, withoutKeyUse } from './target.ts';

/** What no line that is shown may hold: controls, marks of direction, what has no width, ends of lines, markup. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>]/u;
const evil = '\u202etxt.exe\u2066<b>\u0000\u0007\n\r\u2028OK: \u200b</b><script>alert(1)</script>%s%n&#10;';

describe('20 hostile names and certificates while signing', function () {
  this.timeout(40_000);
  let target: SigningTarget;
  let host: HostClient;

  before(async () => {
    target = await startSigningTarget();
    host = await target.agent.host();
  });
  after(async () => target.agent.stop());
  beforeEach(() => target.agent.pinentry.reset());
  afterEach(async () => {
    await target.agent.simulator.swap('anna');
    await honestSignature(target, host);
  });

  /** Takes a signing up to its PIN dialog and cancels it there: what was shown, in the window and in the dialog. */
  async function shownFor(...names: string[]) {
    return withoutKeyUse(target, async () => {
      const open = await atConsent(
        host,
        names.map((name) => newDocument({ name })),
      );
      sayYes(open);
      const dialog = await target.agent.pinentry.waitForDialog();
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await open.answer), 'ERR_USER_CANCELLED');
      return { consent: open.consent, dialog };
    });
  }

  function assertHarmless({ consent, dialog }: Awaited<ReturnType<typeof shownFor>>): void {
    for (const { name } of consent.documents) {
      assert.doesNotMatch(name, unshowable);
      assert.ok(name.length >= 1 && name.length <= limits.documentNameLength);
    }
    for (const { holder, organisation, holderId, issuer } of consent.keys)
      for (const text of [holder, organisation, holderId, issuer]) assert.doesNotMatch(text, unshowable);
    for (const line of dialog.description.split('\n')) assert.doesNotMatch(line, unshowable);
    assert.ok(dialog.description.startsWith(`${journal} `), dialog.description);
  }

  const names: Readonly<Record<string, string>> = {
    'marks of direction, markup and ends of lines': evil,
    'a whole dialog of its own': `a\n\nKort: Bertil Provsson\nhttps://barred.example asks you to sign\nPIN: `,
    'a tower of accents': `a${'\u0301'.repeat(199)}`,
    'lone surrogates would not even come in; pairs do': '\u{1f600}'.repeat(100),
    'tags that nobody sees': `intyg${'\u{e0041}'.repeat(40)}.txt`,
    'nothing but width': `${'\u3164'.repeat(20)}x`,
  };
  for (const [what, name] of Object.entries(names)) {
    it(`a document's name with ${what}`, async () => {
      const before = await shownFor('intyg.txt');
      const shown = await shownFor(name);
      assertHarmless(shown);
      assert.equal(shown.dialog.description.split('\n').length, before.dialog.description.split('\n').length);
      await honestSignature(target, host);
    });
  }

  it('a name of which nothing can be shown is refused, and the connection lives', async () => {
    await withoutKeyUse(target, async () => {
      for (const name of ['\u200b', ' ', '<>', '\u202e\u2066', '\n', '\u3164\u2800']) {
        const signing = new SigningClient(host, [newDocument(), newDocument({ name })]);
        assert.equal(codeOf(await signing.open(journal, raw)), 'ERR_REQUEST_INVALID', JSON.stringify(name));
      }
      assert.deepEqual(target.agent.pinentry.unawaited(), []);
    });
  });

  it('many documents, all named alike: the first are named with their fingerprints, the others counted', async () => {
    const { dialog } = await shownFor(...Array.from({ length: 10 }, () => 'recept.txt'));
    const prints = dialog.description.match(/Fingerprint: .*/g) ?? [];
    assert.ok(prints.length >= 2);
    assert.equal(new Set(prints).size, prints.length);
    assert.ok(dialog.description.includes(`and ${10 - prints.length}\u00a0more`), dialog.description);
    assert.match(dialog.description, /10\u00a0documents/);
  });

  it("reasons and addresses in a request reach no dialog's lines", async () => {
    await withoutKeyUse(target, async () => {
      const document = newDocument({ type: 'application/pdf', content: await pdfDocument() });
      const open = await atConsent(host, [document], { format: { type: 'pades', reason: evil, location: evil } });
      sayYes(open);
      const { description } = await target.agent.pinentry.waitForDialog();
      assert.doesNotMatch(description, /exe|OK|script/);
      target.agent.pinentry.answer('cancel');
      assert.equal(codeOf(await open.answer), 'ERR_USER_CANCELLED');
    });
  });

  async function insert(
    name: string,
    change: (card: SimulatedCardDefinition) => SimulatedCardDefinition,
  ): Promise<void> {
    const card = simulatedTwoPinCard(await twoPinCard('anna', { signature: ['ec-p256'] }), {
      serialNumber: `03${name}`,
    });
    writeSimulatedCard(target.agent.simulatorDirectory, name, change(card));
    await target.agent.simulator.swap(name);
  }

  const withSignature = (
    card: SimulatedCardDefinition,
    certificate: Uint8Array,
    key?: string,
  ): SimulatedCardDefinition => ({
    ...card,
    certificates: card.certificates.map((one) =>
      one.pin === 'signature' ? { ...one, certificate, key: key ?? one.key } : one,
    ),
  });

  it("a holder's name and employer with marks of direction and markup", async () => {
    const person = { ...anna, givenName: evil, surname: evil, organisation: evil };
    const odd = await issue({ person, kind: 'signature', identity: 'hsa-id', key: 'ec-p256' });
    const key = odd.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await insert('bidi', (card) => ({ ...withSignature(card, odd.certificate, key), label: 'x\u202ey' }));
    assertHarmless(await shownFor('intyg.txt'));
  });

  it("a certificate that is another key's: the signature is made and gets nowhere", async () => {
    const other = await issue({ person: anna, kind: 'signature', identity: 'hsa-id', key: 'ec-p256' });
    const own = await twoPinCard('anna', { signature: ['ec-p256'] });
    const card = simulatedTwoPinCard(own, { serialNumber: '04other' });
    writeSimulatedCard(target.agent.simulatorDirectory, 'other', withSignature(card, other.certificate));
    await target.agent.simulator.swap('other');
    const open = await atConsent(host, [newDocument()]);
    target.agent.pinentry.answer(`pin ${own.signature.pin}`);
    sayYes(open);
    assert.equal(codeOf(await open.answer), 'ERR_CARD_FAILED');
    assert.ok(!host.messages.some((m) => m.type === 'signing' && m.id === open.signing.id && m.stage === 'signed'));
  });

  const broken: Readonly<Record<string, (der: Uint8Array) => Uint8Array>> = {
    'cut off': (der) => der.slice(0, -7),
    'with more behind it': (der) => Buffer.concat([der, Buffer.from('more')]),
    'of an indefinite length': (der) => Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.alloc(2)]),
    'of nothing but depth': () => Buffer.from('30'.repeat(4_000), 'hex'),
    'larger than any': (der) => Buffer.concat([der, Buffer.alloc(60_000)]),
    empty: () => new Uint8Array(0),
  };
  for (const [number, [what, change]] of Object.entries(broken).entries()) {
    it(`a signing certificate ${what} names no key`, async () => {
      await insert(`broken${number}`, (card) => {
        const good = card.certificates.find(({ pin }) => pin === 'signature')!;
        return withSignature(card, change(good.certificate));
      });
      await withoutKeyUse(target, async () => {
        const answer = await new SigningClient(host, [newDocument()]).open(journal, raw);
        assert.match(codeOf(answer) ?? '', /^ERR_CARD_(CERTIFICATE_INVALID|NO_SIGNATURE_KEY|UNSUPPORTED)$/);
        assert.deepEqual(target.agent.pinentry.unawaited(), []);
      });
    });
  }

  it('a certificate for logins and signatures at once, or for neither, is not one for signatures alone', async () => {
    for (const [number, keyUsage] of ([['keyEncipherment'], ['digitalSignature']] as const).entries()) {
      const odd = await issue({ person: anna, kind: 'signature', identity: 'hsa-id', key: 'ec-p256', keyUsage });
      const key = odd.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      await insert(`usage${number}`, (card) => withSignature(card, odd.certificate, key));
      await withoutKeyUse(target, async () => {
        const answer = await new SigningClient(host, [newDocument()]).open(journal, raw);
        assert.equal(codeOf(answer), 'ERR_CARD_NO_SIGNATURE_KEY');
      });
    }
  });
});
