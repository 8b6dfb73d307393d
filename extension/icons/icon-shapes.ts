// Kortbro's icon and its states as paths on a grid of 16: a card whose lower edge is the arch of a bridge. The state is
// told by shape (outline, filled, check, padlock, warning, slash), colour only helps. Seen on light and dark toolbars.

export type IconState = 'no-reader' | 'no-card' | 'card-in' | 'in-use' | 'locked' | 'problem';

/** One thing to draw, in order. `erase` clears instead of painting: a gap that stands out on every background. */
export interface Layer {
  path: string;
  fill?: string;
  stroke?: { colour: string; width: number };
  erase?: true;
}

/** Side of the grid. */
export const iconGrid = 16;

// Each has a contrast of at least 3:1 to Chromium's and Edge's toolbars, light and dark (test/extension/icons.test.ts).
const teal = '#118d97';
const grey = '#7b8187';
const green = '#2a9142';
const red = '#e2484d';
const amber = '#b86e00';
const white = '#ffffff';

const card = 'M2.5 3h11A1.5 1.5 0 0 1 15 4.5V13h-3a4 4 0 0 0-8 0H1V4.5A1.5 1.5 0 0 1 2.5 3Z';
const cardOutline = 'M3 3.75h10A1.25 1.25 0 0 1 14.25 5v7.25h-1.5a4.75 4.75 0 0 0-9.5 0h-1.5V5A1.25 1.25 0 0 1 3 3.75Z';
const chip = 'M3 5h3v2.5H3Z';
const slash = 'M2 14.5 14 1.5';
const disc = (radius: number): string =>
  `M${11.5 - radius} 11.5a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
const check = 'M9.3 11.6l1.6 1.6 2.8-3.2';
const padlock = 'M8 10.5h7V16H8Z';
const shackle = 'M9.6 10.5V9a1.9 1.9 0 0 1 3.8 0v1.5';
const keyhole = 'M11 12.3h1v2h-1Z';
const triangle = 'M11.5 7 16 15.5H7Z';
const mark = 'M11 9.6h1v3h-1ZM11 13.4h1v1.1h-1Z';

const outlined: Layer = { path: cardOutline, stroke: { colour: grey, width: 1.5 } };
const filled = (colour: string): Layer[] => [
  { path: card, fill: colour },
  { path: chip, fill: white },
];

export const iconLayers: Readonly<Record<IconState, readonly Layer[]>> = {
  'no-reader': [
    outlined,
    { path: slash, stroke: { colour: '#000000', width: 4 }, erase: true },
    { path: slash, stroke: { colour: grey, width: 1.5 } },
  ],
  'no-card': [outlined],
  'card-in': filled(teal),
  'in-use': [
    ...filled(teal),
    { path: disc(5), fill: white, erase: true },
    { path: disc(4.3), fill: green },
    { path: check, stroke: { colour: white, width: 1.5 } },
  ],
  locked: [
    ...filled(grey),
    { path: 'M7 9.5h9V16H7Z', fill: white, erase: true },
    { path: shackle, stroke: { colour: '#000000', width: 3.6 }, erase: true },
    { path: shackle, stroke: { colour: red, width: 1.5 } },
    { path: padlock, fill: red },
    { path: keyhole, fill: white },
  ],
  problem: [
    ...filled(grey),
    { path: triangle, fill: white, stroke: { colour: white, width: 3 }, erase: true },
    { path: triangle, fill: amber, stroke: { colour: amber, width: 0.8 } },
    { path: mark, fill: white },
  ],
};
