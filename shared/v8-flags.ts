// V8 flags that keep a resident process small. Neither relay nor agent has a hot loop: they gain nothing from an optimising
// compiler or a large nursery. To be set after the modules have been loaded: on the command line the same flags would make
// Node compile its own modules anew (0.7 MB and 15 ms more).

export const smallProcessFlags: readonly string[] = [
  // The compilers' own code, once touched, is up to 3.7 MB of the process.
  '--no-opt',
  '--no-sparkplug',
  // The nursery stays at its first size, 1 MB, instead of growing to 16 MB.
  '--semi-space-growth-factor=1',
];
