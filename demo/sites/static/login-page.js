// @ts-check
// What a site has to write for a login with Kortbro: ask its own server for a nonce, the card holder for a token, and
// the server whether the token is good. Plain JavaScript, served as it is; the sentences stand in the page.
import { kortbro } from './kortbro.js';

/** A login that needs no dialog is over before this; then it is said what is being waited for, and a way out appears. */
const patience = 600;

const logIn = byId('log-in');
const cancel = byId('cancel');
const progress = byId('progress');
const hint = byId('hint');
const problem = byId('problem');

/** @type {AbortController | undefined} */
let attempt;

logIn.addEventListener('click', () => void start());
cancel.addEventListener('click', () => attempt?.abort());

async function start() {
  if (attempt !== undefined) return;
  attempt = new AbortController();
  const waiting = setTimeout(() => showProgress('waiting'), patience);
  showProblem();
  showProgress('asked');
  try {
    await logInWithCard(attempt.signal);
    location.reload();
  } catch (error) {
    showError(error, attempt.signal.aborted);
  } finally {
    clearTimeout(waiting);
    showProgress();
    attempt = undefined;
  }
}

/** @param {AbortSignal} signal */
async function logInWithCard(signal) {
  // With `logout` the server hears of it when the card is pulled, whatever becomes of this page.
  const { nonce, logout } = await ask('/nonce', { signal });
  const token = await kortbro.authenticate({ nonce, logout }, { signal });
  await ask('/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(token),
    signal,
  });
}

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function ask(path, options) {
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer.sentence, answer.code);
  return answer;
}

/** The server's own no: a sentence for the visitor and a code for the help desk. */
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
 * @param {unknown} error
 * @param {boolean} isAborted the visitor chose Cancel
 */
function showError(error, isAborted) {
  if (isAborted) showProblem(problem.dataset.cancelled);
  else if (window.kortbro === undefined) showProblem(problem.dataset.noExtension);
  else if (error instanceof Refusal || error instanceof kortbro.KortbroError) showProblem(error.message, error.code);
  else showProblem(problem.dataset.noServer);
}

/**
 * @param {string} [sentence]
 * @param {string} [code]
 */
function showProblem(sentence, code) {
  problem.replaceChildren();
  if (sentence === undefined) return;
  problem.append(paragraph(sentence, 'problem'));
  if (code !== undefined) problem.append(paragraph(`${problem.dataset.code}: ${code}`, 'small'));
}

/** @param {'asked' | 'waiting'} [state] none: nothing is being waited for */
function showProgress(state) {
  logIn.setAttribute('aria-disabled', String(state !== undefined));
  progress.textContent = (state && progress.dataset[state]) ?? '';
  hint.hidden = state !== 'waiting';
  cancel.hidden = state !== 'waiting';
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

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
