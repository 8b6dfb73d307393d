// The two pages of a site: logged out and logged in. Rendered here, whole; the page's script only fills in what happens.
import { type VerifiedHolder } from '../../relying-party/src/index.ts';
import { html, type Html } from './html.ts';
import { type SiteDefinition, type SiteLanguage } from './site-definition.ts';
import { siteTexts, type SiteTexts } from './site-texts.ts';

/** The login page. Every sentence that the script may show is in it, hidden or as an attribute. */
export function loginPage(site: SiteDefinition, language: SiteLanguage): string {
  const texts = siteTexts[language];
  return page(
    site,
    language,
    html`<p class="site">${site.title[language]}</p>`,
    html`<section class="panel log-in">
      ${cardPicture}
      <h1>${texts.logIn}</h1>
      <p>${site.purpose[language]} ${texts.howTo}</p>
      <button id="log-in" class="main" type="button">${texts.logInWithCard}</button>
      <div id="progress" role="status" data-asked="${texts.loggingIn}" data-waiting="${texts.waiting}"></div>
      <p id="hint" class="small" hidden>${texts.waitingHint}</p>
      <button id="cancel" type="button" hidden>${texts.cancel}</button>
      <div
        id="problem"
        role="alert"
        data-cancelled="${texts.cancelled}"
        data-no-extension="${texts.noExtension}"
        data-no-server="${texts.noServer}"
        data-code="${texts.code}"
      ></div>
      <noscript><p class="problem">${texts.noScript}</p></noscript>
    </section>`,
    ['login-page.js'],
  );
}

/** The page of somebody who has logged in. `draft`: what the holder was writing when the card was pulled last. `signing`: where documents are signed. */
export function signedInPage(
  site: SiteDefinition,
  language: SiteLanguage,
  holder: VerifiedHolder,
  draft: string,
  signing?: Html,
): string {
  const texts = siteTexts[language];
  const { heading, rows } = site.work;
  return page(
    site,
    language,
    html`<p class="site">${site.title[language]}</p>
      <p class="who">${texts.signedInAs} <strong>${holder.name}</strong></p>
      <form method="post" action="/logout"><button type="submit">${texts.logOut}</button></form>`,
    html`<div
        id="notice"
        role="status"
        data-removed="${texts.cardRemoved}"
        data-inserted="${texts.cardInserted}"
        data-logged-out="${texts.loggedOut}"
      ></div>
      <section class="panel">
        <h1>${texts.signedIn}</h1>
        <dl>${holderRows(holder, texts)}</dl>
      </section>
      <section class="panel">
        <h2>${heading[language]}</h2>
        <ul class="work">
          ${rows.map(([when, what]) => html`<li><span>${when[language]}</span> ${what[language]}</li>`)}
        </ul>
      </section>
      ${signing ?? html``}
      <section class="panel">
        <h2><label for="note">${texts.note}</label></h2>
        <textarea id="note" rows="3" maxlength="2000" autocomplete="off" aria-describedby="note-hint">
${draft}</textarea>
        <p id="note-hint" class="small">${texts.noteHint}</p>
      </section>`,
    ['signed-in-page.js', ...(signing === undefined ? [] : ['signing.js'])],
  );
}

function holderRows(holder: VerifiedHolder, texts: SiteTexts): Html[] {
  const { identity, name, title, organisation, assuranceLevel } = holder;
  const row = (term: string, value: string | number) =>
    html`<dt>${term}</dt>
      <dd>${value}</dd>`;
  return [
    row(texts.name, name),
    ...(title === undefined ? [] : [row(texts.title, title)]),
    // A personal number is nobody's business on a screen in a ward.
    ...(identity.kind === 'hsa-id' ? [row(texts.hsaId, identity.hsaId)] : []),
    ...(organisation === undefined ? [] : [row(texts.organisation, organisation)]),
    row(texts.assuranceLevel, assuranceLevel),
  ];
}

function page(
  site: SiteDefinition,
  language: SiteLanguage,
  header: Html,
  main: Html,
  scripts: readonly string[],
): string {
  const texts = siteTexts[language];
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${site.title[language]} – ${texts.clinic}</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        ${scripts.map((script) => html`<script type="module" src="/${script}"></script>`)}
      </head>
      <body>
        <header>
          <p class="clinic">${texts.clinic} <span>${texts.demonstration}</span></p>
          ${header}
        </header>
        <main>${main}</main>
      </body>
    </html> `.text;
}

const cardPicture = html`<svg class="picture" viewBox="14 10 68 56" aria-hidden="true">
  <rect class="reader" x="14" y="50" width="68" height="16" rx="5" />
  <rect class="slot" x="24" y="50" width="48" height="3" />
  <path class="card" d="M28 10h40a4 4 0 0 1 4 4v36H24V14a4 4 0 0 1 4-4Z" />
  <rect class="chip" x="32" y="18" width="11" height="9" rx="2" />
  <path class="line" d="M32 35h26M32 41h18" />
</svg>`;
