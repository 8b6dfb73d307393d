// What the journal accepts as signed: good signatures of the logged-in holder over the very documents that it has handed out.
import assert from 'node:assert/strict';
import { anna, bertil } from '../../../demo/pki/persons.ts';
import { SigningRefusal, type SigningRefusalCode } from '../../../demo/sites/signing/signing-desk.ts';
import { type SigningKind } from '../../../demo/sites/signing/signing-forms.ts';
import { kinds, signingClinic, wishes, type Clinic, type ClinicHolder } from './signing-clinic.ts';

describe("the journal's desk for signatures", () => {
  let clinic: Clinic;
  let annas: ClinicHolder;
  let bertils: ClinicHolder;
  beforeEach(async () => {
    clinic = await signingClinic();
    [annas, bertils] = await Promise.all([clinic.holder(anna), clinic.holder(bertil)]);
  });

  const handOut = (kind: SigningKind) => clinic.desk.handOut(annas.holder, wishes[kind]);

  async function assertRefused(attempt: Promise<unknown>, code: SigningRefusalCode): Promise<void> {
    await assert.rejects(attempt, (error) => error instanceof SigningRefusal && error.code === code);
    assert.equal(clinic.desk.refusals.at(-1), code);
    assert.deepEqual(clinic.desk.signed, [], 'nothing is kept');
  }

  /** Hands out, lets `change` make something else of each document, and has that signed. */
  async function signChanged(kind: SigningKind, change: (document: Uint8Array) => Uint8Array): Promise<unknown> {
    const { id, documents } = await handOut(kind);
    const signatures = await Promise.all(documents.map(({ content }) => annas.sign(kind, change(content))));
    return clinic.desk.takeBack(annas.holder, id, signatures);
  }

  for (const kind of kinds) {
    it(`keeps a signed ${kind}, with its signer, level and time`, async () => {
      const { id, documents } = await handOut(kind);
      const signatures = await Promise.all(documents.map(({ content }) => annas.sign(kind, content)));
      const kept = await clinic.desk.takeBack(annas.holder, id, signatures);
      assert.equal(kept.length, kind === 'prescriptions' ? 5 : 1);
      for (const [index, { name, signer, hsaId, assuranceLevel, bytes, at }] of kept.entries()) {
        assert.deepEqual(
          [name, signer, hsaId, assuranceLevel],
          [documents[index]?.name, 'Anna Testsson', anna.hsaId, 3],
        );
        assert.equal(bytes, signatures[index]);
        assert.ok(Math.abs(at.getTime() - Date.now()) < 60_000);
      }
    });

    it(`refuses a ${kind} that was changed before it was signed`, () =>
      assertRefused(
        signChanged(kind, (document) => {
          // In the PDF a number of the page's box, in the others a letter of the patient's name.
          const text = Buffer.from(document).toString('latin1');
          return Buffer.from(
            text.replace(/842|Demosson|Exempelberg|Fiktiv/, (found) => `${found.slice(0, -1)}1`),
            'latin1',
          );
        }),
        'ERR_DOCUMENT_CHANGED',
      ));

    it(`refuses a ${kind} that somebody else has signed`, async () => {
      const { id, documents } = await handOut(kind);
      const signatures = await Promise.all(documents.map(({ content }) => bertils.sign(kind, content)));
      await assertRefused(clinic.desk.takeBack(annas.holder, id, signatures), 'ERR_SIGNER');
    });

    it(`refuses a ${kind} that was signed with the key for logging in`, async () => {
      const { id, documents } = await handOut(kind);
      const signatures = await Promise.all(documents.map(({ content }) => annas.sign(kind, content, 'authentication')));
      await assertRefused(clinic.desk.takeBack(annas.holder, id, signatures), 'ERR_CERTIFICATE_PURPOSE');
    });
  }

  it('refuses another container than it has asked for', async () => {
    const { id, documents } = await handOut('certificate');
    const signatures = await Promise.all(documents.map(({ content }) => annas.sign('prescriptions', content)));
    await assert.rejects(clinic.desk.takeBack(annas.holder, id, signatures), SigningRefusal);
    assert.deepEqual(clinic.desk.signed, []);
  });

  it('keeps nothing of a batch in which one signature is no good', async () => {
    const { id, documents } = await handOut('prescriptions');
    const signers = documents.map((_, index) => (index === 3 ? bertils : annas));
    const signatures = await Promise.all(
      documents.map(({ content }, at) => signers[at]!.sign('prescriptions', content)),
    );
    await assertRefused(clinic.desk.takeBack(annas.holder, id, signatures), 'ERR_SIGNER');
  });

  it('refuses the signatures of a batch in another order', async () => {
    const { id, documents } = await handOut('prescriptions');
    const signatures = await Promise.all(documents.map(({ content }) => annas.sign('prescriptions', content)));
    await assertRefused(clinic.desk.takeBack(annas.holder, id, signatures.reverse()), 'ERR_DOCUMENT_CHANGED');
  });

  it('keeps those of a batch that were signed, when the card was pulled before the end', async () => {
    const { id, documents } = await handOut('prescriptions');
    const first = await annas.sign('prescriptions', documents[0]!.content);
    const kept = await clinic.desk.takeBack(annas.holder, id, [first, undefined, undefined, undefined, undefined]);
    assert.deepEqual(
      kept.map(({ name }) => name),
      [documents[0]!.name],
    );
  });

  it('takes a task back once, in time, and from whom it was handed to', async () => {
    const { id, documents } = await handOut('certificate');
    const signature = await annas.sign('certificate', documents[0]!.content);
    await assertRefused(clinic.desk.takeBack(annas.holder, 'nothing', [signature]), 'ERR_TASK');
    await assertRefused(clinic.desk.takeBack(bertils.holder, id, [signature]), 'ERR_TASK');
    // Somebody else's attempt has not used it up.
    assert.equal((await clinic.desk.takeBack(annas.holder, id, [signature])).length, 1);
    await assert.rejects(clinic.desk.takeBack(annas.holder, id, [signature]), SigningRefusal);
    const late = await handOut('certificate');
    clinic.pass(15 * 60_000 + 1);
    await assert.rejects(clinic.desk.takeBack(annas.holder, late.id, [signature]), SigningRefusal);
    assert.equal(clinic.desk.signed.length, 1);
  });

  it('shows each holder what he has signed himself, the latest first', async () => {
    for (const kind of kinds) {
      const { id, documents } = await handOut(kind);
      const signatures = await Promise.all(documents.map(({ content }) => annas.sign(kind, content)));
      await clinic.desk.takeBack(annas.holder, id, signatures);
    }
    const shown = clinic.desk.signedBy(annas.holder);
    assert.deepEqual(
      shown.map(({ extension }) => extension),
      ['p7m', 'p7m', 'p7m', 'p7m', 'p7m', 'pdf', 'xml'],
    );
    assert.deepEqual(clinic.desk.signedBy(bertils.holder), []);
  });

  it('hands nothing to somebody who is logged in with a personal number', () =>
    assertRefused(
      clinic.desk.handOut(
        { ...annas.holder, identity: { kind: 'personal-number', personalNumber: '199001012385' } },
        wishes.certificate,
      ),
      'ERR_SIGNER',
    ));
});
