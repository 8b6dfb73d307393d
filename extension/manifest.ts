// The extension's manifest (Manifest V3). Permissions, and why:
// nativeMessaging: to reach the native host. storage: .session outlives the worker; .local outlives the browser and holds
// this profile's id and what is owed. The others log a holder out: cookies: those of one site, of every path and partition
// (browsingData would take those of the whole registrable domain); browsingData: the site's storage and cache;
// declarativeNetRequest: to block a site while it is cleared, and a guarded one until nothing is owed (not ...WithHostAccess,
// which lets new web sockets through); webNavigation: to see which tabs of other sites have a frame of it; webRequest: for half a
// minute after a logout, to see answers to requests of before. Host permissions: cookies, the site's own logout address, and to see
// which tabs are the site's; the same as the content scripts' matches. Not needed: tabs, scripting.
import { defineManifest } from '@crxjs/vite-plugin';
import { extensionKey, productVersion } from '../shared/names.ts';
import { iconSizes } from './icons/icon-sizes.ts';

/** Where the page API is: secure pages, and http://localhost for development (the agent's policy decides there). */
const pages = ['https://*/*', 'http://localhost/*'];

/** Also in windows that such pages have opened at about:blank or blob:, so that a logout finds them. (The type does not know it.) */
const openedWindows = { match_origin_as_fallback: true };

const icons = Object.fromEntries(iconSizes.map((size) => [size, `icons/kortbro-${size}.png`]));

export const manifest = defineManifest({
  manifest_version: 3,
  name: 'Kortbro',
  version: productVersion,
  description: '__MSG_description__',
  default_locale: 'sv',
  key: extensionKey,
  minimum_chrome_version: '123', // the build's target
  permissions: [
    'nativeMessaging',
    'storage',
    'cookies',
    'browsingData',
    'declarativeNetRequest',
    'webNavigation',
    'webRequest',
  ],
  host_permissions: pages,
  background: { service_worker: 'background/main.ts', type: 'module' },
  icons,
  action: { default_title: 'Kortbro', default_popup: 'popup/popup.html', default_icon: icons },
  content_scripts: [
    { matches: pages, js: ['content/content.iife.ts'], run_at: 'document_start', ...openedWindows },
    { matches: pages, js: ['page-api/page.iife.ts'], run_at: 'document_start', world: 'MAIN' },
  ],
  content_security_policy: {
    // connect-src: the worker's fetch of a site's own logout address; the fonts that are packaged with the extension.
    extension_pages:
      "default-src 'none'; connect-src 'self' https: http://localhost:*; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  },
});
