// The requests of signing: to be handed documents, to hand back what was signed, to fetch it. Only for whoever is logged in.
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { type VerifiedHolder } from '../../../relying-party/src/index.ts';
import { readBody, sendJson, type Handler } from '../site-http.ts';
import { preferredLanguage } from '../site-texts.ts';
import { type SigningDesk, SigningRefusal, type SignedDocument, type SigningRefusalCode } from './signing-desk.ts';
import { parseWish } from './signing-forms.ts';
import { signingRefusalText } from './signing-texts.ts';

/** Five containers, or one PDF, in base64. */
const maximumSignatures = 1_048_576;

const handedBack = z.strictObject({
  task: z.string().max(64),
  signatures: z.array(z.union([z.base64().min(4), z.null()])).max(100),
});

export interface SigningRoutes {
  readonly routes: Readonly<Record<string, Handler>>;
  /** `GET /signed/ID`. */
  readonly download: Handler;
}

export function signingRoutes(
  desk: SigningDesk,
  holderOf: (request: IncomingMessage) => Promise<VerifiedHolder | undefined>,
): SigningRoutes {
  async function begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wish = parseWish(await readBody(request));
    await answer(request, response, async (holder) => {
      if (wish === undefined) throw new SigningRefusal('ERR_FORM');
      const { id, format, hsaId, documents } = await desk.handOut(holder, wish);
      const encoded = documents.map(({ name, type, content }) => ({
        name,
        type,
        content: Buffer.from(content).toString('base64'),
      }));
      return { task: id, format, hsaId, documents: encoded };
    });
  }

  async function finish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { data } = handedBack.safeParse(JSON.parse(await readBody(request, maximumSignatures)));
    await answer(request, response, async (holder) => {
      if (data === undefined) throw new SigningRefusal('ERR_SIGNATURE_MALFORMED');
      const signatures = data.signatures.map((text) => (text === null ? undefined : Buffer.from(text, 'base64')));
      const signed = await desk.takeBack(holder, data.task, signatures);
      return { signed: signed.length };
    });
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    act: (holder: VerifiedHolder) => Promise<object>,
  ): Promise<void> {
    const holder = await holderOf(request);
    if (holder === undefined) {
      response.writeHead(401).end();
      return;
    }
    try {
      sendJson(response, 200, await act(holder));
    } catch (error) {
      if (!(error instanceof SigningRefusal)) throw error;
      refuse(request, response, error.code);
    }
  }

  function refuse(request: IncomingMessage, response: ServerResponse, code: SigningRefusalCode): void {
    const language = preferredLanguage(request.headers['accept-language']);
    sendJson(response, 422, { code, sentence: signingRefusalText(code, language) });
  }

  async function download(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const holder = await holderOf(request);
    const id = request.url?.slice('/signed/'.length);
    const found = holder && desk.signedBy(holder).find((one) => one.id === id);
    if (found === undefined) response.writeHead(404).end();
    else sendFile(response, found);
  }

  return { routes: { 'POST /sign/begin': begin, 'POST /sign/finish': finish }, download };
}

/** To be saved, never shown by the browser (RFC 6266 4.3). */
function sendFile(response: ServerResponse, { name, extension, type, bytes }: SignedDocument): void {
  const fileName = encodeURIComponent(`${name}.${extension}`).replaceAll("'", '%27');
  response
    .writeHead(200, { 'Content-Type': type, 'Content-Disposition': `attachment; filename*=UTF-8''${fileName}` })
    .end(bytes);
}
