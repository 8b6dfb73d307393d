// What the sites put into their pages: names from certificates are text, and the pages' own scripts fit the page API's types.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { html } from '../../demo/sites/html.ts';
import { journal } from '../../demo/sites/site-definition.ts';
import { signedInPage } from '../../demo/sites/site-pages.ts';
import { preferredLanguage } from '../../demo/sites/site-texts.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

describe("the clinic's pages", () => {
  it('show what stands in a certificate as text', () => {
    const page = signedInPage(
      journal,
      'sv',
      {
        identity: { kind: 'hsa-id', hsaId: 'SE0000000000-1ABC' },
        name: '<script>alert(1)</script>',
        organisation: `"A" & 'B'`,
        assuranceLevel: 3,
        issuer: '',
        certificate: new Uint8Array(),
        certificateSha256: '',
        notAfter: new Date(),
        appVersion: '',
        nonce: '',
      },
      '</textarea><script>alert(2)</script>',
    );
    assert.ok(!page.includes('<script>alert'));
    assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
    assert.ok(page.includes('&quot;A&quot; &amp; &#39;B&#39;'));
  });

  it('never show a personal number', () => {
    const page = signedInPage(
      journal,
      'en',
      {
        identity: { kind: 'personal-number', personalNumber: '199001012385' },
        name: 'Anna Testsson',
        assuranceLevel: 3,
        issuer: '',
        certificate: new Uint8Array(),
        certificateSha256: '',
        notAfter: new Date(),
        appVersion: '',
        nonce: '',
      },
      '',
    );
    assert.ok(!page.includes('199001012385'));
  });

  it('put pieces of HTML together without escaping them twice', () => {
    const items = ['<', '&'].map((sign) => html`<li>${sign}</li>`);
    assert.equal(html`<p>${items}</p>`.text, '<p><li>&lt;</li><li>&amp;</li></p>');
  });

  for (const [header, language] of [
    [undefined, 'sv'],
    ['de, en;q=0.5', 'en'],
    ['sv-SE,sv;q=0.9,en;q=0.8', 'sv'],
    ['en-US,en', 'en'],
    ['fi', 'sv'],
  ] as const) {
    it(`are in ${language} for "${header ?? ''}"`, () => assert.equal(preferredLanguage(header), language));
  }

  it('have scripts that fit the types of the page API', function () {
    this.timeout(20_000);
    const api = path('../../dist/page/kortbro.d.ts');
    if (!existsSync(api)) this.skip();
    const directory = mkdtempSync(join(tmpdir(), 'kortbro-pages-'));
    try {
      const names = ['login-page.js', 'signed-in-page.js', 'signing.js'];
      for (const name of names) cpSync(path(`../../demo/sites/static/${name}`), join(directory, name));
      cpSync(api, join(directory, 'kortbro.d.ts'));
      const program = ts.createProgram(
        names.map((name) => join(directory, name)),
        {
          allowJs: true,
          checkJs: true,
          noEmit: true,
          strict: true,
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ES2022,
          moduleResolution: ts.ModuleResolutionKind.Bundler,
          lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
          types: [],
        },
      );
      const faults = ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      assert.deepEqual(faults, []);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
