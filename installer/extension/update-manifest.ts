// What a browser asks for where policy tells it to install from: Omaha's response, protocol 2.0
// (developer.chrome.com/docs/extensions/how-to/distribute/host-on-linux; the same for Chrome and Edge on Windows).
import { element, xmlDocument } from '../windows/xml.ts';

/** What is offered, and where. */
export interface Offer {
  id: string;
  version: string;
  /** Absolute address of the .crx file. */
  codebase: string;
  minimumChromeVersion: string;
}

/** The text of update.xml. */
export function updateManifest({ id, version, codebase, minimumChromeVersion }: Offer): string {
  const offer = { codebase, version, prodversionmin: minimumChromeVersion };
  return xmlDocument(
    element('gupdate', { xmlns: 'http://www.google.com/update2/response', protocol: '2.0' }, [
      element('app', { appid: id }, [element('updatecheck', offer)]),
    ]),
  );
}
