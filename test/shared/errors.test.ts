import assert from 'node:assert/strict';
import { errorTexts } from '../../shared/error-texts.ts';
import { isErrorCode, KortbroError, sentence, toWireError } from '../../shared/errors.ts';

/** The list that must never change its meaning: add at the end of a group, remove nothing. */
const codes = [
  'ERR_REQUEST_INVALID',
  'ERR_REQUEST_TOO_LARGE',
  'ERR_REQUEST_ORIGIN',
  'ERR_REQUEST_FRAME',
  'ERR_REQUEST_NONCE',
  'ERR_REQUEST_LOGOUT',
  'ERR_REQUEST_DUPLICATE',
  'ERR_REQUEST_TOO_MANY',
  'ERR_REQUEST_CANCELLED',
  'ERR_USER_CANCELLED',
  'ERR_USER_TIMEOUT',
  'ERR_USER_DECLINED',
  'ERR_CARD_NO_READER',
  'ERR_CARD_ABSENT',
  'ERR_CARD_REMOVED',
  'ERR_CARD_CHANGED',
  'ERR_CARD_UNSUPPORTED',
  'ERR_CARD_NO_CERTIFICATE',
  'ERR_CARD_NO_SIGNATURE_KEY',
  'ERR_CARD_CERTIFICATE_INVALID',
  'ERR_CARD_SERVICE',
  'ERR_CARD_FAILED',
  'ERR_PIN_WRONG',
  'ERR_PIN_LOCKED',
  'ERR_PIN_FORMAT',
  'ERR_PIN_PROMPT',
  'ERR_PIN_PAD_UNSUPPORTED',
  'ERR_DOCUMENT_FORMAT',
  'ERR_DOCUMENT_REFUSED',
  'ERR_DOCUMENT_TOO_LARGE',
  'ERR_DOCUMENT_INCOMPLETE',
  'ERR_SIGNATURE_ALGORITHM',
  'ERR_SIGNATURE_TIMESTAMP',
  'ERR_SIGNATURE_REVOCATION',
  'ERR_POLICY_ORIGIN',
  'ERR_POLICY_ASSURANCE',
  'ERR_POLICY_MUTED',
  'ERR_POLICY_INVALID',
  'ERR_POLICY_SIGNING',
  'ERR_AGENT_NOT_RUNNING',
  'ERR_AGENT_STOPPED',
  'ERR_AGENT_BUSY',
  'ERR_AGENT_LOGOUT_PENDING',
  'ERR_AGENT_SESSION_LOCKED',
  'ERR_AGENT_DRIVER_MISSING',
  'ERR_AGENT_DRIVER_CRASHED',
  'ERR_AGENT_DRIVER_HUNG',
  'ERR_AGENT_ENDPOINT',
  'ERR_AGENT_PROOF',
  'ERR_AGENT_VERSION',
  'ERR_AGENT_INTERNAL',
];

describe('Error codes', () => {
  it('are the ones that were promised', () => {
    assert.deepEqual(Object.keys(errorTexts), codes);
  });

  it('each say in both languages what to do, without jargon', () => {
    for (const [code, { sv, en, why }] of Object.entries(errorTexts)) {
      for (const text of [sv, en, why]) assert.match(text, /^[A-ZÅÄÖ].*[.?]$/, code);
      assert.doesNotMatch(`${sv} ${en}`, /slot|token|CKR|PKCS|native|module/i, code);
    }
  });

  it('tell the tries left only where they are known', () => {
    assert.match(sentence('ERR_PIN_WRONG', 'sv', 2), /\. 2\u00a0försök kvar\.$/);
    assert.match(sentence('ERR_PIN_WRONG', 'en', 2), /\. 2\u00a0tries left\.$/);
    assert.match(sentence('ERR_PIN_WRONG', 'en', 1), /One try left\.$/);
    assert.equal(sentence('ERR_PIN_WRONG', 'en'), errorTexts.ERR_PIN_WRONG.en);
  });

  it('hide whatever else went wrong behind ERR_AGENT_INTERNAL', () => {
    const wire = toWireError(new Error('the PIN is 123456 at /home/anna'), 'sv', 'abcd');
    assert.deepEqual(wire, { code: 'ERR_AGENT_INTERNAL', message: errorTexts.ERR_AGENT_INTERNAL.sv, incident: 'abcd' });
  });

  it('are known by name and not by what objects inherit', () => {
    assert.equal(isErrorCode('ERR_PIN_WRONG'), true);
    assert.equal(isErrorCode('constructor'), false);
    assert.equal(new KortbroError('ERR_PIN_WRONG', { triesLeft: 2 }).triesLeft, 2);
  });
});
