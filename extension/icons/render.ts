// Renders the manifest's icon files from kortbro.svg: node --import tsx extension/icons/render.ts
// Run by hand when the drawing changes; the files are kept in the repository so that a build needs no browser.
import { readFileSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { iconSizes } from './icon-sizes.ts';

const svg = readFileSync(new URL('kortbro.svg', import.meta.url), 'utf8');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
for (const size of iconSizes) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body { margin: 0 } svg { display: block; width: ${size}px }</style>${svg}`);
  const pixels = await page.screenshot({ omitBackground: true });
  writeFileSync(new URL(`kortbro-${size}.png`, import.meta.url), pixels);
}
await browser.close();
