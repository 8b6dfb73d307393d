// Puts the wanted rules in force, in an order that lets nothing slip through and stops nobody by mistake. The one owner of
// the extension's declarativeNetRequest rules.
import { allowedBy, beforeDynamic, difference, wantedRules, type Guard, type Rule } from './deny-rules.ts';

export class DenyGuard {
  #dynamic: Rule[];
  #session: Rule[];
  #last: Promise<void> = Promise.resolve();

  private constructor(dynamic: Rule[], session: Rule[]) {
    this.#dynamic = dynamic;
    this.#session = session;
  }

  /** Starts from the rules in force: those on disk, and the session rules of a worker that has died. */
  static async load(): Promise<DenyGuard> {
    const rules = chrome.declarativeNetRequest;
    return new DenyGuard(await rules.getDynamicRules(), await rules.getSessionRules());
  }

  /** Of these guarded origins, those that are let through now. */
  allowed(guarded: Iterable<string>): Set<string> {
    return allowedBy(this.#session, guarded);
  }

  /** Resolves when the rules of `guard` are in force. @throws when Chromium does not take them */
  apply(guard: Guard): Promise<void> {
    return this.#inTurn(async () => {
      const { dynamic, session } = wantedRules(guard, chrome.runtime.id);
      await this.#setSession(beforeDynamic(this.#session, session, guard.guarded));
      await this.#setDynamic(dynamic);
      await this.#setSession(session);
    });
  }

  /** Only the rules on disk: until the agent has spoken, what a worker before this one let through or held up stays so. */
  applyToDisk(guard: Guard): Promise<void> {
    return this.#inTurn(() => this.#setDynamic(wantedRules(guard, chrome.runtime.id).dynamic));
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#last.then(change);
    this.#last = changed.catch(async () => {
      this.#dynamic = await chrome.declarativeNetRequest.getDynamicRules();
      this.#session = await chrome.declarativeNetRequest.getSessionRules();
    });
    return changed;
  }

  async #setDynamic(wanted: Rule[]): Promise<void> {
    const change = difference(this.#dynamic, wanted);
    if (change === undefined) return;
    await chrome.declarativeNetRequest.updateDynamicRules(change);
    this.#dynamic = wanted;
  }

  async #setSession(wanted: Rule[]): Promise<void> {
    const change = difference(this.#session, wanted);
    if (change === undefined) return;
    await chrome.declarativeNetRequest.updateSessionRules(change);
    this.#session = wanted;
  }
}
