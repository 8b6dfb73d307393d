// @ts-check
// What a site has to write for signing with Kortbro: ask its own server for the documents, the card holder for signatures, and the
// server whether they are good. Plain JavaScript, served as it is; the sentences stand in the page.
import { kortbro } from './kortbro.js';

/** @typedef {{ task: string, format: import('./kortbro.js').SignatureFormat, hsaId: string, documents: { name: string, type: string, content: string }[] }} Task */

/** What ends a signing because its holder wants it so. */
const calmly = new Set(['ERR_USER_DECLINED', 'ERR_USER_CANCELLED', 'ERR_REQUEST_CANCELLED']);

const words = /** @type {HTMLElement} */ (document.getElementById('signing')).dataset;

/** @type {AbortController | undefined} */
let attempt;

for (const form of document.querySelectorAll('form[data-kind]')) {
  if (form instanceof HTMLFormElement) form.addEventListener('submit', (event) => void start(event, form));
}

/**
 * @param {SubmitEvent} event
 * @param {HTMLFormElement} form
 */
async function start(event, form) {
  event.preventDefault();
  if (attempt !== undefined) return;
  attempt = new AbortController();
  const desk = deskOf(form, attempt);
  try {
    const { signed, of } = await sign(form, attempt.signal, desk.tell);
    if (signed < of) desk.end(counted(words.partly, signed, of));
    else desk.end(of === 1 ? words.done : words.doneAll);
    await renewList();
  } catch (error) {
    desk.fail(error);
  } finally {
    attempt = undefined;
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {AbortSignal} signal
 * @param {(sentence: string | undefined, done?: number, of?: number) => void} tell
 */
async function sign(form, signal, tell) {
  tell(words.preparing);
  const wish = { kind: form.dataset.kind, fields: Object.fromEntries(new FormData(form)) };
  /** @type {Task} */
  const { task, format, hsaId, documents } = await ask('/sign/begin', wish, signal);
  const request = {
    documents: documents.map(({ name, type, content }) => ({ name, type, content: bytesOf(content) })),
    format,
    // The holder who is logged in, not a colleague whose card is in another reader.
    certificate: { hsaId },
  };
  const result = await kortbro.sign(request, {
    signal,
    onProgress: (progress) => {
      if (progress.stage === 'sending' || progress.stage === 'reading') tell(words.sending);
      else if (progress.stage === 'consent') tell(words.consent);
      else if (progress.stage === 'receiving') tell(words.checking);
      else if (progress.done === 0) tell(words.pin);
      else tell(counted(words.working, progress.done, progress.of), progress.done, progress.of);
    },
  });
  tell(words.checking);
  const signatures = result.documents.map((one) => (one.status === 'signed' ? base64Of(one.signature) : null));
  const { signed } = await ask('/sign/finish', { task, signatures }, signal);
  return { signed, of: documents.length };
}

/**
 * The places in the form where it is told how far it is.
 * @param {HTMLFormElement} form
 * @param {AbortController} controller
 */
function deskOf(form, controller) {
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (form.querySelector(name));
  const [submit, cancel, status, trouble] = ['[type=submit]', '.cancel', '.status', '.trouble'].map(part);
  const count = /** @type {HTMLProgressElement} */ (form.querySelector('progress'));
  const giveUp = () => controller.abort();
  trouble.replaceChildren();
  submit.ariaDisabled = 'true';
  cancel.hidden = false;
  cancel.addEventListener('click', giveUp);

  const tell = (/** @type {string | undefined} */ sentence = '', done = 0, of = 0) => {
    // Said once: a screen reader would read it again.
    if (status.textContent !== sentence) status.textContent = sentence;
    count.hidden = of < 2;
    if (of > 1) [count.max, count.value, count.ariaLabel] = [of, done, sentence];
  };
  const end = (/** @type {string | undefined} */ sentence) => {
    tell(sentence);
    status.scrollIntoView({ block: 'nearest' });
    submit.ariaDisabled = 'false';
    // The focus must not be lost with the button that it is on.
    if (document.activeElement === cancel) submit.focus();
    cancel.hidden = true;
    cancel.removeEventListener('click', giveUp);
  };
  const fail = (/** @type {unknown} */ error) => {
    if (controller.signal.aborted || (error instanceof kortbro.KortbroError && calmly.has(error.code))) {
      end(words.cancelled);
      return;
    }
    end('');
    if (window.kortbro === undefined) showTrouble(trouble, words.noExtension);
    else if (error instanceof Refusal || error instanceof kortbro.KortbroError) {
      showTrouble(trouble, error.message, error.code);
    } else showTrouble(trouble, words.noServer);
    trouble.scrollIntoView({ block: 'nearest' });
  };
  return { tell, end, fail };
}

/** The list as the server has it now. */
async function renewList() {
  const response = await fetch('/');
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById('signed');
  if (fresh !== null) document.getElementById('signed')?.replaceWith(document.importNode(fresh, true));
}

/**
 * @param {string} path
 * @param {object} question
 * @param {AbortSignal} signal
 */
async function ask(path, question, signal) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(question), signal });
  // Logged out meanwhile: the login page says how to go on.
  if (response.status === 401) location.reload();
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.sentence, answer.code);
  return answer;
}

/** The server's own no: a sentence for the holder and a code for the help desk. */
class Refusal extends Error {
  /**
   * @param {string} sentence
   * @param {string} code
   */
  constructor(sentence, code) {
    super(sentence);
    this.code = code;
  }
}

/**
 * @param {HTMLElement} place
 * @param {string | undefined} sentence
 * @param {string} [code]
 */
function showTrouble(place, sentence, code) {
  place.append(paragraph(sentence ?? '', 'problem'));
  if (code !== undefined) place.append(paragraph(`${words.code}: ${code}`, 'small'));
}

/**
 * @param {string} text
 * @param {string} className
 */
function paragraph(text, className) {
  const made = document.createElement('p');
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * @param {string | undefined} sentence with places for the numbers
 * @param {number} done
 * @param {number} of
 */
function counted(sentence = '', done, of) {
  return sentence.replace('{done}', String(done)).replace('{of}', String(of));
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
function base64Of(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
