// What is known before the holder is asked is told before: no window, no PIN dialog, and no card for what cannot come to a signature.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RequestChannel } from '../../../../agent/operations/context.ts';
import { sign } from '../../../../agent/operations/sign/sign.ts';
import { signatureMethodElement } from '../../../../agent/signatures/xml-algorithms.ts';
import { endIdleSignatureThread } from '../../../../agent/signatures/worker/with-signature-thread.ts';
import { limits } from '../../../../shared/limits.ts';
import { type RequestOf } from '../../../../shared/messages.ts';
import { type SignatureAlgorithm, type SigningConsent, type SigningMessage } from '../../../../shared/signing.ts';
import { pdfDocument, qpdf } from '../../../signatures/documents.ts';
import { TokenError } from '../../../../agent/tokens/token.ts';
import { kortbroError, tokenError } from '../../fake-backend.ts';
import { cardKey, type CardKey, journal, OperationWorld } from '../operation-world.ts';

const dsig = 'http://www.w3.org/2000/09/xmldsig#';
type Wish = Pick<RequestOf<'sign'>, 'format' | 'level' | 'algorithm'>;
interface Given {
  type?: string;
  bytes: Uint8Array;
}

/** A canonical ds:SignedInfo that wants this algorithm. */
function signedInfo(algorithm: SignatureAlgorithm, digestMethod = 'http://www.w3.org/2001/04/xmlenc#sha256'): Given {
  const empty = (name: string, uri: string): string => `<ds:${name} Algorithm="${uri}"></ds:${name}>`;
  const method = algorithm === 'RS1' ? empty('SignatureMethod', `${dsig}rsa-sha1`) : signatureMethodElement(algorithm);
  const hash = digestMethod.endsWith('sha1') ? 'sha1' : 'sha256';
  const digest = createHash(hash).update('').digest('base64');
  return {
    type: 'application/xml',
    bytes: Buffer.from(
      `<ds:SignedInfo xmlns:ds="${dsig}">${empty('CanonicalizationMethod', 'http://www.w3.org/2001/10/xml-exc-c14n#')}${method}` +
        `<ds:Reference URI="a.txt">${empty('DigestMethod', digestMethod)}<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
    ),
  };
}

describe('Before the holder is asked to sign', function () {
  this.timeout(30_000);
  let ec: CardKey;
  let rsa: CardKey;
  let world: OperationWorld;
  let shown: SigningConsent[];
  const xmldsig: Wish = { format: { type: 'xmldsig' } };
  const enveloped: Wish = { format: { type: 'xades', packaging: 'enveloped' } };
  const pades: Wish = { format: { type: 'pades' } };
  const cms: Wish = { format: { type: 'cms', attached: true } };
  const text: Given = { bytes: Buffer.from('intyg') };
  const xml = (content: string): Given => ({ type: 'application/xml', bytes: Buffer.from(content) });
  const pdf = (bytes: Uint8Array): Given => ({ type: 'application/pdf', bytes });

  before(async () => {
    ec = await cardKey('45', undefined, { kind: 'signature' });
    rsa = await cardKey('46', undefined, { kind: 'signature', key: 'rsa-2048' });
  });
  beforeEach(() => {
    world = new OperationWorld({ sites: [{ origin: journal, signing: { documents: 5, sha1: true } }] });
    shown = [];
  });
  afterEach(() => {
    assert.deepEqual(world.kinds, [], 'no PIN was asked for');
    world.pinentry.remove();
  });
  after(() => endIdleSignatureThread());

  /** Asks, sends everything, and has the holder decline whatever is shown. */
  function ask(documents: readonly Given[], wish: Wish, atTell: (stage: string) => void = () => undefined) {
    let listener: (message: SigningMessage) => void = () => undefined;
    const channel: RequestChannel = {
      hear: (hears) => (listener = hears),
      tell: (answer) => {
        if (answer.type !== 'signing') return;
        atTell(answer.stage);
        if (answer.stage === 'receiving')
          queueMicrotask(() => {
            for (const [document, { bytes }] of documents.entries()) {
              const data = Buffer.from(bytes).toString('base64');
              listener({ type: 'document', id: 'one', document, offset: 0, data });
            }
          });
        if (answer.stage !== 'consent') return;
        shown.push(answer.consent);
        queueMicrotask(() => listener({ type: 'consent', id: 'one', answer: 'decline' }));
      },
    };
    const request: RequestOf<'sign'> = {
      type: 'request',
      id: 'one',
      language: 'sv',
      verb: 'sign',
      caller: { kind: 'page', origin: journal },
      documents: documents.map(({ type = 'text/plain', bytes }, number) => ({
        name: `${number}`,
        type,
        size: bytes.length,
      })),
      ...wish,
    };
    const call = { language: 'sv' as const, signal: new AbortController().signal, profile: 'p' };
    return sign(world.context, call, request, channel);
  }

  async function assertRefused(documents: readonly Given[], wish: Wish, code: string): Promise<void> {
    await assert.rejects(ask(documents, wish), kortbroError(code));
    assert.deepEqual(shown, []);
  }

  /** What the holder was shown, before saying no. */
  async function shownFor(documents: readonly Given[], wish: Wish): Promise<SigningConsent> {
    await assert.rejects(ask(documents, wish), kortbroError('ERR_USER_DECLINED'));
    assert.equal(shown.length, 1);
    return shown[0]!;
  }

  const misfits: [string, () => CardKey, Given, Wish][] = [
    ['RSA, for a P-256 key', () => ec, signedInfo('RS256'), xmldsig],
    ['ECDSA, for an RSA key', () => rsa, signedInfo('ES256'), xmldsig],
    ['P-384, for a P-256 key', () => ec, signedInfo('ES384'), xmldsig],
    ['PSS, where the site asked for none', () => rsa, signedInfo('PS256'), xmldsig],
    ['SHA-1, where the site asked for none', () => rsa, signedInfo('RS1'), xmldsig],
    ['SHA-1 in a reference', () => rsa, signedInfo('RS256', `${dsig}sha1`), xmldsig],
  ];
  for (const [what, key, document, wish] of misfits) {
    it(`a SignedInfo that wants ${what}, is refused`, async () => {
      await world.insert([key()]);
      await assertRefused([document], wish, 'ERR_SIGNATURE_ALGORITHM');
    });
  }

  it('SHA-1 in a SignedInfo is refused where policy does not have the legacy switch', async () => {
    world.policy = world.policyOf({ sites: [{ origin: journal }] });
    await world.insert([rsa]);
    await assertRefused([signedInfo('RS1')], { ...xmldsig, algorithm: { hash: 'SHA-1' } }, 'ERR_SIGNATURE_ALGORITHM');
  });

  it('a SignedInfo with SHA-1 is shown where policy and site want it', async () => {
    await world.insert([rsa]);
    await shownFor([signedInfo('RS1')], { ...xmldsig, algorithm: { hash: 'SHA-1' } });
  });

  it('of several keys only those that can serve are offered', async () => {
    await world.insert([ec]);
    await world.insert([rsa], {}, 'B');
    assert.deepEqual(
      (await shownFor([text], cms)).keys.map(({ reader, keyType, keySize }) => [reader, keyType, keySize]),
      [
        ['A', 'ec', 256],
        ['B', 'rsa', 2048],
      ],
    );
    shown = [];
    assert.deepEqual(
      (await shownFor([signedInfo('RS256')], xmldsig)).keys.map(({ reader }) => reader),
      ['B'],
    );
    shown = [];
    await assertRefused([signedInfo('RS256'), signedInfo('ES256')], xmldsig, 'ERR_SIGNATURE_ALGORITHM');
  });

  it('what tells keys of one holder apart is told with them', async () => {
    await world.insert([ec]);
    const [key] = (await shownFor([text], cms)).keys;
    const { certificate } = world.cards.tokens[0]!.keys[0]!;
    assert.equal(key?.validFrom, certificate.notBefore.toISOString());
    assert.equal(key.validTo, certificate.notAfter.toISOString());
    assert.equal(key.serialNumber, certificate.serial);
  });

  it('a PDF that is encrypted, damaged or without the page for the field is refused', async () => {
    await world.insert([ec]);
    const plain = await pdfDocument();
    const encrypted = qpdf(plain, '--encrypt', '', 'owner', '256', '--');
    await assertRefused([pdf(encrypted)], pades, 'ERR_DOCUMENT_REFUSED');
    await assertRefused([pdf(plain.subarray(0, -30))], pades, 'ERR_DOCUMENT_FORMAT');
    const field = { page: 9, x: 0, y: 0, width: 100, height: 50 };
    await assertRefused([pdf(plain)], { format: { type: 'pades', field } }, 'ERR_DOCUMENT_REFUSED');
    await shownFor([pdf(plain)], pades);
  });

  it('XML that must not be signed is refused', async () => {
    await world.insert([ec]);
    await assertRefused([xml('<!DOCTYPE a><a/>')], enveloped, 'ERR_DOCUMENT_REFUSED');
    await assertRefused([xml('<a>')], enveloped, 'ERR_DOCUMENT_FORMAT');
  });

  it('of several documents those that cannot be signed are shown as such, unless none is left', async () => {
    await world.insert([ec]);
    const { documents } = await shownFor([xml('<a/>'), xml('<a>'), xml('<!DOCTYPE a><a/>')], enveloped);
    assert.deepEqual(
      documents.map(({ refused }) => refused),
      [undefined, 'ERR_DOCUMENT_FORMAT', 'ERR_DOCUMENT_REFUSED'],
    );
    shown = [];
    await assertRefused([xml('<a>'), xml('<!DOCTYPE a><a/>')], enveloped, 'ERR_DOCUMENT_FORMAT');
  });

  /** As if so much time went by between two looks at the clock. */
  function timeGoesBy(milliseconds: number): void {
    const { clock } = world;
    const now = clock.now.bind(clock);
    clock.now = () => {
      clock.advance(milliseconds);
      return now();
    };
  }

  it('what there is no time to look at is shown, and found out when it is signed', async () => {
    await world.insert([ec]);
    timeGoesBy(0.4 * limits.rehearsalTime);
    const { documents } = await shownFor([xml('<a/>'), xml('<a>'), xml('<a>'), xml('<a>')], enveloped);
    assert.deepEqual(
      documents.map(({ refused }) => refused),
      [undefined, 'ERR_DOCUMENT_FORMAT', undefined, undefined],
    );
  });

  it('a site that holds up the windows again and again, and has nothing to show, is muted', async () => {
    await world.insert([ec]);
    for (let i = 0; i < 2 * limits.cancelsBeforeMute; i += 1)
      await assertRefused([xml('<a>')], enveloped, 'ERR_DOCUMENT_FORMAT');
    await shownFor([xml('<a/>')], enveloped);
    world.context.dialogs.answered(journal);
    shown = [];
    timeGoesBy(limits.rehearsalHold);
    for (let i = 0; i < 2 * limits.cancelsBeforeMute; i += 1)
      await assertRefused([xml('<a>')], enveloped, 'ERR_DOCUMENT_FORMAT');
    await assertRefused([xml('<a/>')], enveloped, 'ERR_POLICY_MUTED');
  });

  it('a time stamp that no authority in policy could vouch for is refused before a byte is sent', async () => {
    const stages: string[] = [];
    const timeStamp = 'http://tsa.example.se/';
    for (const signing of [{ timeStamp }, { timeStamp, authorities: '/nowhere/authorities.pem' }]) {
      world.policy = world.policyOf({ signing });
      await world.insert([ec]);
      const asked = ask([text], { ...cms, level: 'B-T' }, (stage) => stages.push(stage));
      await assert.rejects(asked, kortbroError('ERR_POLICY_SIGNING'));
    }
    assert.deepEqual(stages, []);
  });

  it('long-term proofs for a certificate whose issuer is not in policy are refused before a byte is sent', async () => {
    const stages: string[] = [];
    const authorities = join(world.pinentry.directory, 'authorities.pem');
    // The issuers of somebody else: the certificate itself is no issuer.
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(ec.der).toString('base64')}\n-----END CERTIFICATE-----\n`;
    writeFileSync(authorities, pem, { mode: 0o644 });
    chmodSync(authorities, 0o644);
    const signing = { timeStamp: 'http://tsa.example.se/', ocsp: 'http://ocsp.example.se/', authorities };
    world.policy = world.policyOf({ signing });
    await world.insert([ec]);
    const asked = ask([text], { ...cms, level: 'B-LT' }, (stage) => stages.push(stage));
    await assert.rejects(asked, kortbroError('ERR_POLICY_SIGNING'));
    assert.deepEqual(stages, []);
  });

  it('a PIN that is locked is looked at once more, and then refused', async () => {
    await world.insert([ec], { pin: { state: 'locked' } });
    world.driver.statusInstead = () => ({ state: 'locked' });
    await assertRefused([text], cms, 'ERR_PIN_LOCKED');
    world.driver.statusInstead = () => ({ state: 'ok' });
    await shownFor([text], cms);
  });

  it('a card that fails when its PIN is looked at is told', async () => {
    await world.insert([ec], { pin: { state: 'locked' } });
    world.driver.statusInstead = () => {
      throw new TokenError('ERR_CARD_FAILED');
    };
    await assert.rejects(ask([text], cms), tokenError('ERR_CARD_FAILED'));
    assert.deepEqual(shown, []);
  });

  it('a key whose PIN is locked is not offered beside another', async () => {
    await world.insert([ec], { pin: { state: 'locked' } });
    world.driver.statusInstead = () => ({ state: 'locked' });
    await world.insert([rsa], {}, 'B');
    assert.deepEqual(
      (await shownFor([text], cms)).keys.map(({ reader }) => reader),
      ['B'],
    );
  });

  it('no program for the PIN is told', async () => {
    world.policy = world.policyOf({ pin: { program: '/nowhere/pinentry' } });
    await world.insert([ec]);
    await assertRefused([text], cms, 'ERR_PIN_PROMPT');
  });

  it('a card that leaves while the documents are looked at opens no window', async () => {
    const token = await world.insert([ec], { pin: { state: 'locked' } });
    world.driver.statusInstead = async () => {
      world.pull();
      return Promise.resolve({ state: 'ok' });
    };
    await assertRefused([xml('<a/>')], enveloped, 'ERR_CARD_REMOVED');
    assert.ok(token.gone.aborted);
  });
});
