// The toolbar icon: its picture and, for the pointer and for screen readers, its words.
import { drawIcon } from '../icons/draw-icon.ts';
import { iconLayers, type IconState } from '../icons/icon-shapes.ts';
import { iconStates } from './icon-state.ts';
import { screenTitles } from './screen-texts.ts';
import { type Screen } from './screen.ts';

/** Pixels: for 100 %, 150 % and 200 % scaling. */
const sizes = [16, 24, 32];

/** Shows a state; does nothing where it is shown already. */
export function toolbar(): (screen: Screen) => void {
  let shown: Screen['name'] | undefined;
  let icon: IconState | undefined;
  return ({ name }) => {
    if (name === shown) return;
    shown = name;
    void chrome.action.setTitle({ title: `Kortbro: ${chrome.i18n.getMessage(screenTitles[name])}` });
    const state = iconStates[name];
    if (state === icon) return;
    icon = state;
    const imageData = Object.fromEntries(sizes.map((size) => [size, drawIcon(iconLayers[state], size)]));
    void chrome.action.setIcon({ imageData });
  };
}
