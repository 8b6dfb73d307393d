// 01: the origin is what the browser says of the page, never what anybody else says. At the native host (who may call), at the
// agent (what counts as an origin). Pages in Chromium are in the -page part.
import assert from 'node:assert/strict';
import { extensionId } from '../../shared/names.ts';
import { codeOf, type HostClient } from '../support/host-client.ts';
import { honestLogin, journal, newNonce, startTarget, type Target, withoutKeyUse } from './target.ts';

describe('01 origin spoofing, past the browser', function () {
  this.timeout(30_000);
  let target: Target;
  let host: HostClient;

  before(async () => {
    target = await startTarget();
    host = await target.agent.host();
    await honestLogin(target, host);
  });
  after(async () => target.agent.stop());

  it('a native host that another extension, a page or nobody calls ends at once, and says nothing to the agent', async () => {
    const before = target.agent.audit().length;
    for (const argument of [
      '',
      'chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/',
      `chrome-extension://${extensionId}`,
      `chrome-extension://${extensionId}/x`,
      `chrome-extension://${extensionId}.evil.example/`,
      `https://${extensionId}/`,
      journal,
      '--command=x',
    ]) {
      const caller = target.agent.rawHost({ argument });
      assert.equal((await caller.exit).code, 2, argument);
      assert.equal(caller.traffic.length, 0);
    }
    assert.equal(target.agent.audit().length, before);
    await honestLogin(target, host);
  });

  it('what is no canonical https origin is ERR_REQUEST_ORIGIN, however much it looks like one that policy lets in', async () => {
    const spoofed = [
      'null',
      'about:blank',
      'file://',
      'data:,',
      `${journal}/`,
      `${journal}:443`,
      `${journal}/login`,
      `${journal}?x`,
      `${journal}#x`,
      journal.toUpperCase(),
      journal.replace('https', 'http'),
      journal.replace('https', 'HTTPS'),
      ` ${journal}`,
      `${journal} `,
      `${journal}\0`,
      `${journal}\n`,
      `${journal}\u202e`,
      `${journal}\u200b`,
      `${journal}@evil.example`,
      'https://user@journal.example',
      'https://jоurnal.example',
      'https://journal。example',
      'https://journal%2eexample',
      'https:journal.example',
      'https:/journal.example',
      'https://[::1',
      'https://0x7f.1',
      'https://journal.example\\evil',
      `blob:${journal}/1`,
      `view-source:${journal}`,
      'chrome-extension://abc',
      'wss://journal.example',
      'http://localhost',
    ];
    await withoutKeyUse(target, async () => {
      for (const origin of spoofed) {
        assert.equal(
          codeOf(await host.authenticate(origin, newNonce()).answer),
          'ERR_REQUEST_ORIGIN',
          JSON.stringify(origin),
        );
        const answer = await host.ask({ verb: 'status', caller: { kind: 'page', origin } }).answer;
        assert.ok(!JSON.stringify(answer).includes('card'), JSON.stringify(origin));
      }
      assert.equal(target.agent.pinentry.unawaited().length, 0);
    });
    await honestLogin(target, host);
  });

  it('another port, another depth and a dot at the end are other sites, which policy does not know: the holder is asked', async () => {
    const { pinentry } = target.agent;
    for (const origin of [
      'https://journal.example:8443',
      'https://evil.journal.example',
      'https://journal.example.evil.example',
      'https://journal.example.',
    ]) {
      pinentry.reset();
      await withoutKeyUse(target, async () => {
        const { answer } = host.authenticate(origin, newNonce());
        const { description } = await pinentry.waitForDialog();
        assert.ok(description.includes(origin), description);
        pinentry.answer('not-ok');
        assert.equal(codeOf(await answer), 'ERR_USER_DECLINED');
      });
    }
    await honestLogin(target, host);
  });
});
