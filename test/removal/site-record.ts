// All that a watched site has seen: its sessions from beginning to end, the requests that came and what they carried, what its
// pages have heard. Kept for the whole run; rounds look at the part since a moment of theirs.
import { type EndReason } from '../../relying-party/src/index.ts';

/** A session with a holder. Times are Unix time in milliseconds. */
export interface SeenSession {
  /** Unique over all sites of a run; stands in a cookie and in the page's storage, so that what is left behind is recognised. */
  readonly number: number;
  readonly site: string;
  /** Given name and surname. */
  readonly name: string;
  /** The value of its cookie. */
  readonly cookie: string;
  readonly openedAt: number;
  /** Every time that relying-party had it ended. */
  readonly ends: { readonly at: number; readonly reason: EndReason }[];
  /** Calls of the agent that were to end it. */
  calls: number;
  /** The `loggedout` events that its pages have had. */
  readonly heard: SeenEvent[];
  /** The site itself has ended it: another login in the same browser took its place. */
  replaced: boolean;
}

/** `document`: which of the session's documents heard it. */
export interface SeenEvent {
  /** The page's own name for it: a browser may send a request again when its connection breaks. */
  readonly id: string;
  readonly document: string;
  readonly reason: string;
  readonly at: number;
}

export interface SeenRequest {
  readonly at: number;
  readonly site: string;
  readonly path: string;
  /** Sessions of which the request told anything: by cookie, header or what the page found in its storage. */
  readonly carried: readonly number[];
}

export class SiteRecord {
  readonly sessions: SeenSession[] = [];
  readonly requests: SeenRequest[] = [];

  open(site: string, name: string, cookie: string): SeenSession {
    const session: SeenSession = {
      number: this.sessions.length + 1,
      site,
      name,
      cookie,
      openedAt: Date.now(),
      ends: [],
      calls: 0,
      heard: [],
      replaced: false,
    };
    this.sessions.push(session);
    return session;
  }

  hear(session: number, event: SeenEvent): void {
    const heard = this.numbered(session)?.heard;
    if (heard?.some(({ id }) => id === event.id) === false) heard.push(event);
  }

  numbered(number: number): SeenSession | undefined {
    return this.sessions[number - 1];
  }

  /** Sessions that are open now. */
  get live(): SeenSession[] {
    return this.sessions.filter((session) => isLive(session));
  }

  /** Requests since `at` that carried something of one of `sessions`. */
  carrying(sessions: readonly SeenSession[], at: number): SeenRequest[] {
    const numbers = new Set(sessions.map(({ number }) => number));
    return this.requests.filter((request) => request.at >= at && request.carried.some((one) => numbers.has(one)));
  }
}

export function isLive({ ends, replaced }: SeenSession): boolean {
  return ends.length === 0 && !replaced;
}

/** What was done to a session more often than once, in words; undefined when nothing was. */
export function doubledIn({ number, site, name, ends, heard }: SeenSession): string | undefined {
  const whose = `session ${number} of ${name} at ${site}`;
  if (ends.length > 1) return `${whose} was ended ${ends.length} times: ${ends.map(whenAndWhy).join()}`;
  // A session may be open in two tabs, a restored one and a new one: each of them hears it once.
  const again = heard.filter(({ document }, index) => heard.findIndex((one) => one.document === document) < index);
  if (again.length === 0) return undefined;
  return `a document of ${whose} heard ${again.length + 1} events: ${heard.map(whenAndWhy).join()}`;
}

function whenAndWhy({ at, reason }: { at: number; reason: string }): string {
  return ` ${reason} at ${at}`;
}
