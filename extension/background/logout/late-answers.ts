// Answers that come when their site is cleared: to a request that outlives its page (keepalive, a beacon, the ping of a link).
// Chromium has stored their cookies before it tells of them, and does not tell which: so the site is watched for as long as it lets
// such a request live. Nobody is watched before a logout, and what the next visitor's own requests bring stays.
import { clearCache, clearStorage } from './clear-origin.ts';
import { clearCookies, isSentTo, removeCookie } from './cookies.ts';

type Later = (callback: () => void, milliseconds: number) => () => void;
type Cookie = chrome.cookies.Cookie;

/** How long a site is watched, in milliseconds. Chromium 156 ends a request 30 s after its document. */
export const watched = 35_000;

/** Between an answer and the word of its cookie, either way, in milliseconds. */
const nearby = 500;

/** When the storage of a site that nobody has visited since is cleared once more: of a worker that was slow to end. */
const secondLook = 2_000;

export class LateAnswers {
  readonly #later: Later;
  readonly #watches = new Map<string, Watch>();

  constructor(later: Later) {
    this.#later = later;
  }

  /** Requests to `origin` are blocked: those that are on their way are of before. */
  blocked(origin: string): void {
    this.#watches.get(origin)?.end();
    const watch = new Watch(origin, this.#later, () => this.#watches.delete(origin));
    this.#watches.set(origin, watch);
  }

  /** They will be let through: those that begin from now on are somebody else's. */
  letIn(origin: string): void {
    this.#watches.get(origin)?.letIn();
  }
}

class Watch {
  readonly #origin: string;
  readonly #host: string;
  readonly #later: Later;
  readonly #ended: () => void;
  /** Requests that began since others are let in. */
  #fresh: Set<string> | undefined;
  readonly #late = new Set<string>();
  /** Cookies that were set a moment ago, and nobody knows by whom. */
  readonly #recent = new Set<Cookie>();
  /** Late answers a moment ago. */
  #lateJustNow = 0;
  readonly #stops: (() => void)[] = [];

  constructor(origin: string, later: Later, ended: () => void) {
    this.#origin = origin;
    this.#host = new URL(origin).hostname;
    this.#later = later;
    this.#ended = ended;
    const { onBeforeRequest, onHeadersReceived, onCompleted, onErrorOccurred } = chrome.webRequest;
    const filter = { urls: [`${origin}/*`] };
    onBeforeRequest.addListener(this.#began, filter);
    onHeadersReceived.addListener(this.#answered, filter);
    onCompleted.addListener(this.#over, filter);
    onErrorOccurred.addListener(this.#over, filter);
    chrome.cookies.onChanged.addListener(this.#changed);
    this.#stops.push(() => {
      onBeforeRequest.removeListener(this.#began);
      onHeadersReceived.removeListener(this.#answered);
      onCompleted.removeListener(this.#over);
      onErrorOccurred.removeListener(this.#over);
      chrome.cookies.onChanged.removeListener(this.#changed);
    });
  }

  letIn(): void {
    this.#fresh = new Set();
    const look = () => {
      if (!this.#isVisited) quietly(clearStorage(this.#origin));
    };
    this.#stops.push(
      this.#later(look, secondLook),
      this.#later(() => this.end(), watched),
    );
  }

  end(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#ended();
  }

  get #isVisited(): boolean {
    return this.#fresh !== undefined && this.#fresh.size > 0;
  }

  /** Also told of each redirect of a request. */
  readonly #began = ({ requestId }: { requestId: string }): undefined => {
    if (!this.#late.has(requestId)) this.#fresh?.add(requestId);
  };

  readonly #answered = ({ requestId }: { requestId: string }): undefined => {
    if (this.#fresh?.has(requestId) === true) return;
    this.#late.add(requestId);
    this.#lateJustNow++;
    this.#later(() => this.#lateJustNow--, nearby);
    if (this.#isVisited) for (const cookie of this.#recent) quietly(removeCookie(cookie, this.#host));
    else quietly(clearCookies(this.#host));
  };

  readonly #over = ({ requestId }: { requestId: string }): void => {
    // It may lie in the cache now.
    if (this.#late.delete(requestId)) quietly(clearCache(this.#origin));
  };

  readonly #changed = ({ removed, cookie }: { removed: boolean; cookie: Cookie }): void => {
    if (removed || !isSentTo(cookie, this.#host)) return;
    if (this.#lateJustNow > 0) quietly(removeCookie(cookie, this.#host));
    this.#recent.add(cookie);
    this.#later(() => this.#recent.delete(cookie), nearby);
  };
}

/** Done as well as it goes: the logout itself is over. */
function quietly(work: Promise<unknown>): void {
  work.catch(() => undefined);
}
