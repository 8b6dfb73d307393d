// Shows one document at a time, with what it is, its pages and its zoom. A way of showing that fails says so; the document can
// then be saved and looked at elsewhere, as one of a kind that cannot be shown here.
import { sentence } from '../../shared/errors.ts';
import { type SigningConsent } from '../../shared/signing.ts';
import { type MessageKey } from '../background/screen-texts.ts';
import { groupedFingerprint, kindOf, sizeText, typeText } from './consent-view.ts';
import { decodeText } from './decode-text.ts';
import { notesOf, textView, type DocumentView } from './document-view.ts';
import { type Documents } from './documents.ts';
import { byId, element, setText, text } from './page.ts';
import { saveFile } from './save-file.ts';
import { visibleLine } from './visible-text.ts';
import { xmlView } from './xml-view.ts';

const zooms = [0.5, 0.75, 1, 1.25, 1.5, 2, 3] as const;
const plainZoom = zooms.indexOf(1);

export class Viewer {
  readonly #consent: SigningConsent;
  readonly #documents: Documents;
  readonly #frame = byId('frame');
  #number = -1;
  #view: DocumentView | undefined;
  #source: DocumentView | undefined;
  #part = 0;
  #zoom = plainZoom;
  /** Counts what is asked for: what has been overtaken is not shown. */
  #turn = 0;

  constructor(consent: SigningConsent, documents: Documents) {
    this.#consent = consent;
    this.#documents = documents;
    byId('previous').addEventListener('click', () => void this.#go(this.#part - 1));
    byId('next').addEventListener('click', () => void this.#go(this.#part + 1));
    byId('smaller').addEventListener('click', () => void this.#resize(this.#zoom - 1));
    byId('larger').addEventListener('click', () => void this.#resize(this.#zoom + 1));
    byId('source').addEventListener('click', () => void this.#exchange());
    byId('save').addEventListener('click', () => void this.#save());
    addEventListener('resize', () => void this.#draw());
  }

  /** Shows a document; resolves when its first page is there, or that it cannot be shown has been said. */
  async show(number: number): Promise<void> {
    const shown = this.#consent.documents[number];
    if (shown === undefined) return;
    const turn = ++this.#turn;
    this.#number = number;
    this.#view?.close();
    [this.#view, this.#source, this.#part, this.#zoom] = [undefined, undefined, 0, plainZoom];
    const language = text('language');
    setText(byId('name'), visibleLine(shown.name));
    const kind = kindOf(shown.type, this.#consent.format);
    setText(byId('type'), typeText(shown.type, kind));
    setText(byId('size'), sizeText(shown.size, language));
    setText(byId('fingerprint'), groupedFingerprint(shown.fingerprint));
    this.#frame.replaceChildren();
    this.#tools(undefined);
    this.#notes([]);
    byId('refused').hidden = shown.refused === undefined;
    if (shown.refused !== undefined)
      setText(byId('refused'), text('signRefused', sentence(shown.refused, language === 'en' ? 'en' : 'sv')));
    byId('save').hidden = true;
    byId('frame').hidden = kind === 'other';
    byId('frame').className = kind;
    if (kind === 'hash') {
      this.#hash(await this.#documents.whole(number));
      return;
    }
    byId('save').hidden = kind !== 'other';
    if (kind === 'other') {
      this.#notes(['signOther']);
      await this.#documents.whole(number);
      return;
    }
    setText(this.#frame, text('signLoadingOne'));
    try {
      const view = await this.#open(number, kind, shown.size);
      if (turn !== this.#turn) {
        view.close();
        return;
      }
      this.#view = view;
      this.#notes(view.notes);
      await this.#draw();
    } catch {
      if (turn === this.#turn) this.#fail();
    }
    await this.#documents.whole(number);
  }

  /** Nothing of the documents is to be seen or saved any more. */
  hide(): void {
    this.#turn++;
    this.#view?.close();
    this.#frame.replaceChildren();
    this.#tools(undefined);
    this.#notes([]);
    byId('save').hidden = true;
  }

  /** The hash itself is all that there is to see. */
  #hash(bytes: Uint8Array): void {
    const { format } = this.#consent;
    const label = element('p', 'label', text('signHashValue', format.type === 'hash' ? format.hash : ''));
    const hex = Array.from(bytes.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join('');
    this.#frame.replaceChildren(label, element('code', '', groupedFingerprint(hex)));
  }

  async #open(number: number, kind: 'text' | 'xml' | 'pdf', size: number): Promise<DocumentView> {
    if (kind === 'pdf') {
      const { pdfView } = await import('./pdf-view.ts');
      return pdfView(this.#documents, number, size);
    }
    const bytes = await this.#documents.whole(number);
    if (kind === 'xml') return xmlView(bytes, text('signMore'));
    const decoded = decodeText(bytes);
    return textView(decoded.text, notesOf(decoded));
  }

  async #draw(): Promise<void> {
    const view = this.#view;
    if (view === undefined) return;
    const turn = ++this.#turn;
    this.#tools(view);
    try {
      await view.draw(this.#frame, this.#part, zooms[this.#zoom] ?? 1);
    } catch {
      if (turn === this.#turn) this.#fail();
    }
  }

  async #go(part: number): Promise<void> {
    if (this.#view === undefined || part < 0 || part >= this.#view.parts) return;
    this.#part = part;
    await this.#draw();
    this.#frame.scrollTop = 0;
  }

  async #resize(zoom: number): Promise<void> {
    if (zooms[zoom] === undefined) return;
    this.#zoom = zoom;
    await this.#draw();
  }

  /** Tree or source, whichever is not shown. */
  async #exchange(): Promise<void> {
    const other = this.#view?.source ?? this.#source;
    if (other === undefined) return;
    this.#source = this.#view;
    this.#view = other;
    this.#part = 0;
    await this.#draw();
  }

  async #save(): Promise<void> {
    const number = this.#number;
    saveFile(this.#consent.documents[number]?.name ?? '', await this.#documents.whole(number));
  }

  /** Buttons that can do nothing stay where they are, so that the focus does. */
  #tools(view: DocumentView | undefined): void {
    const parts = view?.parts ?? 1;
    byId('paging').hidden = parts < 2;
    const key = view?.partName === 'page' ? 'signPage' : 'signPart';
    setText(byId('part'), text(key, String(this.#part + 1), String(parts)));
    byId('previous').ariaDisabled = String(this.#part === 0);
    byId('next').ariaDisabled = String(this.#part >= parts - 1);
    byId('zooming').hidden = view?.canZoom !== true;
    byId('smaller').ariaDisabled = String(this.#zoom === 0);
    byId('larger').ariaDisabled = String(this.#zoom === zooms.length - 1);
    const isTree = view?.source !== undefined;
    byId('source').hidden = !isTree && this.#source === undefined;
    setText(byId('source'), text(isTree ? 'signSource' : 'signTree'));
    byId('tools').hidden = [...byId('tools').children].every((tool) => (tool as HTMLElement).hidden);
  }

  #fail(): void {
    this.#view?.close();
    this.#view = undefined;
    this.#tools(undefined);
    this.#frame.replaceChildren();
    byId('frame').hidden = true;
    byId('save').hidden = false;
    this.#notes(['signNotShown']);
  }

  #notes(keys: readonly MessageKey[]): void {
    byId('notes').hidden = keys.length === 0;
    setText(byId('notes'), keys.map((key) => text(key)).join(' '));
  }
}
