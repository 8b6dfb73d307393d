// A site that registers a logout at each login, for attacks on cards: it keeps every call of the agent, and a login there, or an
// attempt at one, is told by what the holder gets to see first.
import assert from 'node:assert/strict';
import { until } from '../../demo/demo-agent.ts';
import { type Dialog } from '../../demo/pinentry-script.ts';
import { type LogoutReason } from '../../shared/logout.ts';
import { type AuthenticationToken, parseResult } from '../../shared/messages.ts';
import { answering, CallWorld, type Received } from '../agent/logout/call-world.ts';
import { type Answer, codeOf, type HostClient } from '../support/host-client.ts';
import { type TestCard } from '../support/test-cards.ts';
import { isSignedFor, newNonce, type Target } from './target.ts';

/** What came of asking for a login that nobody helps: it failed, it succeeded, or somebody was asked. */
export type Attempt = { code: string } | { token: AuthenticationToken } | { dialog: Dialog };

/** A call that the site has had for a token. */
interface LogoutCall {
  token: string;
  event: string;
  reason: LogoutReason;
}

export class RegisteredSite {
  readonly origin: string;
  /** PEM file that the agent must believe, for policy. */
  readonly authorities: string;
  readonly #world: CallWorld;
  readonly #received: Received[];

  private constructor(world: CallWorld, origin: string, received: Received[]) {
    this.#world = world;
    this.#received = received;
    this.origin = origin;
    this.authorities = world.authorities;
  }

  static async start(): Promise<RegisteredSite> {
    const world = await CallWorld.create();
    const received: Received[] = [];
    const { port } = await world.site(answering(200, received), { names: ['ward.localhost'] });
    return new RegisteredSite(world, `https://ward.localhost:${port}`, received);
  }

  /** Logs `holder` in, by the PIN if it is asked. @returns the session's logout token */
  async logIn({ agent: { pinentry } }: Pick<Target, 'agent'>, host: HostClient, holder: TestCard): Promise<string> {
    const [nonce, token] = [newNonce(), newNonce()];
    pinentry.reset();
    pinentry.answer(`pin ${holder.pin}`);
    const caller = { kind: 'page', origin: this.origin } as const;
    const logout = { url: `${this.origin}/logout-call`, token };
    const answer = await host.ask({ verb: 'authenticate', caller, nonce, logout }).answer;
    pinentry.reset();
    assert.ok('result' in answer, `the login is refused: ${JSON.stringify(answer)}`);
    const login = parseResult('authenticate', answer.result);
    assert.ok(isSignedFor(login, this.origin, nonce));
    assert.ok(isOf(login, holder), 'somebody else is logged in');
    return token;
  }

  /** Why the session of `token` was ended, once for each call so far. */
  endings(token: string): LogoutReason[] {
    const calls = this.#received.map(({ body }) => JSON.parse(body) as LogoutCall);
    return calls.filter((call) => call.token === token && call.event === 'logout').map(({ reason }) => reason);
  }

  /** Waits until the session of `token` has been ended. */
  async ended(token: string): Promise<void> {
    await until(() => this.endings(token).length > 0, 8_000, 'the site is not told of the logout');
  }

  async stop(): Promise<void> {
    await this.#world.end();
  }
}

/** Asks for a login at `origin` and looks what comes first. A dialog is closed again, by giving up. */
export async function attempt({ agent }: Pick<Target, 'agent'>, host: HostClient, origin: string): Promise<Attempt> {
  const { pinentry } = agent;
  pinentry.reset();
  const { id, answer } = host.authenticate(origin, newNonce());
  let ended: Answer | undefined;
  void answer.then((value) => (ended = value));
  await until(() => ended !== undefined || pinentry.unawaited().length > 0, 15_000, 'neither an answer nor a dialog');
  if (ended === undefined) {
    const dialog = await pinentry.waitForDialog();
    host.cancel(id);
    await answer;
    // What is answered from now on is not its answer.
    await until(() => agent.processesNamed('pinentry').length === 0, 5_000, 'the dialog stays');
    return { dialog };
  }
  return 'result' in ended ? { token: parseResult('authenticate', ended.result) } : { code: codeOf(ended) ?? '' };
}

/** Whether the token is a login by this card's first certificate. */
export function isOf({ unverifiedCertificate }: AuthenticationToken, { keys }: TestCard): boolean {
  return unverifiedCertificate === Buffer.from(keys[0]!.certificate).toString('base64');
}

/** Given name and surname, as a dialog shows them. */
export function nameOf({ person: { givenName, surname } }: TestCard): string {
  return `${givenName} ${surname}`;
}
