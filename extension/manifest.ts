// The extension's manifest (Manifest V3). Permissions, and why: nativeMessaging to reach the native host; storage for
// chrome.storage.session, which outlives the worker. No host permission: the content scripts' matches are all it needs.
import { defineManifest } from '@crxjs/vite-plugin';
import { extensionKey, productVersion } from '../shared/names.ts';
import { iconSizes } from './icons/icon-sizes.ts';

/** Where the page API is: secure pages, and http://localhost for development (the agent's policy decides there). */
const pages = ['https://*/*', 'http://localhost/*'];

const icons = Object.fromEntries(iconSizes.map((size) => [size, `icons/kortbro-${size}.png`]));

export const manifest = defineManifest({
  manifest_version: 3,
  name: 'Kortbro',
  version: productVersion,
  description: '__MSG_description__',
  default_locale: 'sv',
  key: extensionKey,
  minimum_chrome_version: '123', // the build's target
  permissions: ['nativeMessaging', 'storage'],
  background: { service_worker: 'background/main.ts', type: 'module' },
  icons,
  action: { default_title: 'Kortbro', default_popup: 'popup/popup.html', default_icon: icons },
  content_scripts: [
    { matches: pages, js: ['content/content.iife.ts'], run_at: 'document_start' },
    { matches: pages, js: ['page-api/page.iife.ts'], run_at: 'document_start', world: 'MAIN' },
  ],
  content_security_policy: {
    extension_pages:
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  },
});
