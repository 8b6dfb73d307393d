import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { iconLayers } from '../../extension/icons/icon-shapes.ts';

/** Toolbars: Chromium's light and dark, and Edge's. */
const toolbars = ['#ffffff', '#dee1e6', '#35363a', '#202124'];

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

describe('the icon', () => {
  it('has for each state a shape of its own', () => {
    const shapes = Object.values(iconLayers).map((layers) => layers.map(({ path }) => path).join());
    assert.equal(new Set(shapes).size, shapes.length);
  });

  it('stands out from light and dark toolbars', () => {
    for (const [state, layers] of Object.entries(iconLayers)) {
      for (const { fill, stroke, erase } of layers) {
        const colour = fill ?? stroke?.colour ?? '';
        if (erase === true || colour === '#ffffff') continue;
        for (const toolbar of toolbars) {
          assert.ok(contrast(colour, toolbar) >= 3, `${state}: ${colour} on ${toolbar}: ${contrast(colour, toolbar)}`);
        }
      }
    }
  });

  it('is drawn in the file as in the toolbar', () => {
    const svg = readFileSync(new URL('../../extension/icons/kortbro.svg', import.meta.url), 'utf8');
    const drawn = [...svg.matchAll(/<path fill="(.+?)" d="(.+?)"/g)].map(([, fill, path]) => ({ path, fill }));
    assert.deepEqual(drawn, iconLayers['card-in']);
  });
});
