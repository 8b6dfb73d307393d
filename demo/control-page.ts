// A small page on which cards are put in and pulled, for whoever watches the demonstration. Loopback only; a form works from
// this page alone, so that no other site can move cards.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CardDriver } from './card-driver.ts';
import { cardHolders, cardNames, type CardName } from './demo-cards.ts';
import { html, type Html } from './sites/html.ts';
import { type Site } from './sites/site-server.ts';
import { preferredLanguage } from './sites/site-texts.ts';
import { type SiteLanguage } from './sites/site-definition.ts';

export interface ControlPage {
  /** http://localhost:PORT */
  readonly origin: string;
  stop(): Promise<void>;
}

const texts = {
  sv: {
    title: 'Kort och läsare',
    intro:
      'Här sätter du i och drar ur de simulerade korten. Logga in på de båda webbplatserna, skriv under något i journalen, dra ur kortet och se vad som händer där.',
    byHand: 'Sätt i ditt kort i kortläsaren, logga in på de båda webbplatserna och dra ur kortet igen.',
    empty: 'Kortläsaren är tom.',
    inside: 'I läsaren sitter kortet för',
    insert: 'Sätt i',
    pull: 'Dra ur kortet',
    pin: 'PIN-kod för legitimering',
    signaturePin: 'för underskrift',
    level: 'tillitsnivå',
    reserve: 'reservkort',
    sites: 'Webbplatser',
    failed: 'Kortet kunde inte flyttas. Är Kortbro igång?',
  },
  en: {
    title: 'Cards and reader',
    intro:
      'Here you insert and pull the simulated cards. Log in to both sites, sign something in the records, pull the card and see what happens there.',
    byHand: 'Insert your card into the card reader, log in to both sites and pull the card again.',
    empty: 'The card reader is empty.',
    inside: 'In the reader is the card of',
    insert: 'Insert',
    pull: 'Pull the card',
    pin: 'PIN for logging in',
    signaturePin: 'for signatures',
    level: 'assurance level',
    reserve: 'reserve card',
    sites: 'Sites',
    failed: 'The card could not be moved. Is Kortbro running?',
  },
} as const;

const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** Starts the page. The reader is empty. */
export async function startControlPage(card: CardDriver, sites: readonly Site[]): Promise<ControlPage> {
  const style = readFileSync(fileURLToPath(new URL('sites/static/style.css', import.meta.url)));
  let inside: CardName | undefined;
  let failed = false;

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    void answer(request, response).catch(() => response.destroy());
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const host = `localhost:${port}`;
  const origin = `http://${host}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers: asked } = request;
    if (asked.host !== host) response.writeHead(403).end();
    else if (method === 'GET' && url === '/') {
      const language = preferredLanguage(asked['accept-language']);
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page(language));
    } else if (method === 'GET' && url === '/style.css') {
      response.writeHead(200, { 'Content-Type': 'text/css' }).end(style);
    } else if (method === 'POST' && asked.origin === origin) {
      await move(
        cardNames.find((name) => url === `/insert/${name}`),
        url === '/pull',
      );
      response.writeHead(303, { Location: '/' }).end();
    } else response.writeHead(404).end();
  }

  /** One card takes the place of another. */
  async function move(name: CardName | undefined, isPulled: boolean): Promise<void> {
    if (!card.controlled || (name === undefined && !isPulled)) return;
    try {
      if (inside !== undefined) await card.remove();
      inside = undefined;
      if (name !== undefined) await card.insert(name);
      inside = name;
      failed = false;
    } catch {
      failed = true;
    }
  }

  function page(language: SiteLanguage): string {
    const words = texts[language];
    return html`<!doctype html>
      <html lang="${language}">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${words.title}</title>
          <link rel="stylesheet" href="/style.css" />
        </head>
        <body>
          <header>
            <p class="clinic">Kortbro <span>demo</span></p>
            <p class="site">${words.title}</p>
          </header>
          <main>
            <section class="panel">
              <h1>${words.title}</h1>
              <p>${card.controlled ? words.intro : words.byHand}</p>
              ${card.controlled ? cardForms(language) : html``}
            </section>
            <section class="panel">
              <h2>${words.sites}</h2>
              <ul class="work">
                ${sites.map(
                  (site) =>
                    html`<li>
                      <a href="${site.origin}/" target="_blank" rel="noopener">${site.definition.title[language]}</a>
                    </li>`,
                )}
              </ul>
            </section>
          </main>
        </body>
      </html>`.text;
  }

  function cardForms(language: SiteLanguage): Html {
    const words = texts[language];
    return html`<p role="status">
        <strong>${inside === undefined ? words.empty : `${words.inside} ${holderName(inside)}.`}</strong>
      </p>
      ${failed ? html`<p id="problem" role="alert">${words.failed}</p>` : html``}
      <ul class="cards">
        ${cardNames.map((name) => cardItem(name, language))}
      </ul>
      ${
        inside === undefined
          ? html``
          : html`<form method="post" action="/pull"><button type="submit" class="main">${words.pull}</button></form>`
      }`;
  }

  function cardItem(name: CardName, language: SiteLanguage): Html {
    const words = texts[language];
    const { person, pin, signaturePin } = cardHolders[name];
    const kind = person.assuranceLevel === 2 ? `, ${words.reserve}` : '';
    return html`<li>
      <p>
        <strong>${holderName(name)}</strong><br />
        <span class="small"
          >${person.title ?? ''}, ${words.level} ${person.assuranceLevel}${kind}.<br />${words.pin}: ${pin},
          ${words.signaturePin}: ${signaturePin}</span
        >
      </p>
      <form method="post" action="/insert/${name}"><button type="submit">${words.insert}</button></form>
    </li>`;
  }

  return {
    origin,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function holderName(name: CardName): string {
  const { givenName, surname } = cardHolders[name].person;
  return `${givenName} ${surname}`;
}
