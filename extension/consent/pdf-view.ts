// A PDF, drawn page by page on a canvas by pdf.js: no script, no form, no link of the document does anything here, and fonts
// come from the document or the computer. Bytes are read as they are needed, so that a large file shows its first page at once.
import { AnnotationMode, GlobalWorkerOptions, PDFDataRangeTransport, getDocument, type RenderTask } from 'pdfjs-dist';
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url';
import { limits } from '../../shared/limits.ts';
import { type DocumentView } from './document-view.ts';
import { type Documents } from './documents.ts';

/** Pixels of a canvas: a page that says it is as large as a house must not take the memory. */
const largestCanvas = 16_000_000;

/** Characters of a page that are given to screen readers. */
const spokenLength = 20_000;

GlobalWorkerOptions.workerSrc = workerUrl;

/** @throws Error for what is no PDF that can be opened */
export async function pdfView(documents: Documents, number: number, size: number): Promise<DocumentView> {
  const transport = new PDFDataRangeTransport(size, null);
  transport.requestDataRange = (begin, end) => {
    void documents.range(number, begin, end).then((bytes) => transport.onDataRange(begin, bytes));
  };
  const loading = getDocument({
    range: transport,
    rangeChunkSize: limits.documentPiece,
    disableAutoFetch: true,
    disableStream: true,
    enableXfa: false,
    useWasm: false,
    useWorkerFetch: false,
    // The computer's own Arial, Times and Courier, which every Windows has: the package's substitutes are under the GPL.
    useSystemFonts: true,
    cMapUrl: chrome.runtime.getURL('pdf/cmaps/'),
    cMapPacked: true,
    standardFontDataUrl: chrome.runtime.getURL('pdf/standard_fonts/'),
    wasmUrl: chrome.runtime.getURL('pdf/wasm/'),
    verbosity: 0,
  });
  const pdf = await loading.promise;
  let task: RenderTask | undefined;
  /** Counts the drawings: of one that has been overtaken nothing is shown, the page's number says another. */
  let last = 0;
  return {
    parts: pdf.numPages,
    partName: 'page',
    canZoom: true,
    notes: [],
    draw: async (frame, part, zoom) => {
      const own = ++last;
      task?.cancel();
      const page = await pdf.getPage(part + 1);
      if (own !== last) return;
      const natural = page.getViewport({ scale: 1 });
      const width = Math.max(200, frame.clientWidth) * zoom;
      const scale = width / natural.width;
      const wanted = scale * devicePixelRatio;
      const fine = Math.min(wanted, Math.sqrt(largestCanvas / (natural.width * natural.height)));
      const viewport = page.getViewport({ scale: fine });
      const canvas = document.createElement('canvas');
      canvas.width = Math.max(1, Math.floor(viewport.width));
      canvas.height = Math.max(1, Math.floor(viewport.height));
      canvas.style.width = `${Math.floor(width)}px`;
      canvas.setAttribute('aria-hidden', 'true');
      task = page.render({ canvas, viewport, annotationMode: AnnotationMode.ENABLE });
      const drawing = task;
      await drawing.promise;
      const text = await spoken(page);
      if (own === last) frame.replaceChildren(canvas, text);
    },
    close: () => void loading.destroy(),
  };
}

/** The page's text, for those who hear it. */
async function spoken(page: { getTextContent(): Promise<{ items: object[] }> }): Promise<HTMLElement> {
  const { items } = await page.getTextContent();
  const text = items.map((item) => ('str' in item && typeof item.str === 'string' ? item.str : '')).join(' ');
  const shown = document.createElement('p');
  shown.className = 'unseen';
  shown.textContent = text.slice(0, spokenLength);
  return shown;
}
