// 17: documents of a site that no tab of its own holds: windows that it has opened at no address, frames in other sites' pages. The
// site is called once, nothing of hers is left in the browser, nothing shows her, and the next holder's login carries nothing of
// hers. That others' windows stay as they are stands in test/browser/logout-extension.
import assert from 'node:assert/strict';
import { describeStubbornSites } from './stubborn-sites.ts';
import { writeEverywhere } from './stubborn-site.ts';

const openBlank = `open('about:blank')`;
const openBlob = `open(URL.createObjectURL(new Blob(['<body>'], { type: 'text/html' })))`;
const openForgotten = `(() => {
  const href = URL.createObjectURL(new Blob(['<body>'], { type: 'text/html' }));
  const link = Object.assign(document.createElement('a'), { href, target: '_blank', rel: 'noopener' });
  document.body.append(link);
  link.click();
})()`;
const openWritten = `(() => {
  const opened = open();
  opened.document.write('<body>');
  opened.document.close();
  return opened;
})()`;

const writes = `setInterval(() => {${writeEverywhere}}, 10)`;
const windows = [
  ['at about:blank shows her', openBlank, ''],
  ['at about:blank writes anew what is cleared', openBlank, writes],
  ['at about:blank has a dialog open', openBlank, `setTimeout(() => alert('print?'))`],
  ['at about:blank never rests', openBlank, `setTimeout(() => { for (;;) {${writeEverywhere}} }, 100)`],
  ['at a blob: address shows her', openBlob, ''],
  ['at a blob: address writes anew what is cleared', openBlob, writes],
  ['at a blob: address has a dialog open', openBlob, `setTimeout(() => alert('print?'))`],
  ['at a blob: address never rests', openBlob, `setTimeout(() => { for (;;) {${writeEverywhere}} }, 100)`],
  ['at a blob: address without an opener writes anew', openForgotten, writes],
  ['at no address writes anew', `open()`, writes],
  ['beside its tabs writes anew', `open('about:blank', 'print', 'width=300,height=200')`, writes],
  ['and written writes anew', openWritten, writes],
] as const;

describeStubbornSites('what stays of a site', (now) => {
  for (const [what, opening, script] of windows) {
    it(`a window that the site has opened ${what}`, async () => {
      const { site } = now();
      const { page, token } = await site.logIn();
      const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate(`void (opened = ${opening})`)]);
      await popup.waitForLoadState();
      popup.on('dialog', () => undefined); // stays open
      await popup.evaluate(`document.body.innerHTML = '<h1>${site.holder}</h1>'; ${script}; undefined`);
      await site.pull(token);
      await site.assertNothingLeft(token);
    });
  }

  it('a window that has opened another one, and is closed', async () => {
    const { site } = now();
    const { page, token } = await site.logIn();
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate(`void (opened = ${openBlank})`)]);
    const [second] = await Promise.all([popup.waitForEvent('popup'), popup.evaluate(`void (opened = ${openBlank})`)]);
    await second.evaluate(`document.body.innerHTML = '<h1>${site.holder}</h1>'; ${writes}; undefined`);
    await popup.close();
    await site.pull(token);
    await site.assertNothingLeft(token);
  });

  it('a frame of the site in the page of another site of the same organisation', async () => {
    const { browser, site } = now();
    const { token } = await site.logIn();
    site.serve('/framed', `<script>${writes}</script>`);
    browser.pages.set('/portal', { html: `<!doctype html><iframe src="${site.origin}/framed"></iframe>` });
    const portal = await browser.open(`${browser.origin('portal.ward')}/portal`);
    assert.equal(await portal.frames()[1]?.innerText('body'), site.holder);
    await site.pull(token);
    await site.assertNothingLeft(token);
  });
});
