// What a single executable runs: the part of the product that its name and first argument ask for, from a bundle within it. Native
// code stands beside the executable, and so do the bundles as far as they can tell (`import.meta.url` names such a file).
'use strict';
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { getAsset } = require('node:sea');
const { stopCoverage } = require('node:v8');
const { Script } = require('node:vm');

// NODE_V8_COVERAGE has begun before us; so nothing of it is written.
stopCoverage();

const home = dirname(process.execPath);
const fromHome = createRequire(process.execPath);

/** The bundle's modules are Node's own, and one package of native code whose wrapper is in here too. */
function load(name) {
  const filename = join(home, name);
  const module = { exports: {} };
  const wrapper = `(function (exports, require, module, __filename, __dirname) {${withoutHashbang(getAsset(name, 'utf8'))}\n})`;
  const body = new Script(wrapper, { filename }).runInThisContext();
  const requireHere = (id) => {
    if (id === 'pkcs11js') return load('pkcs11js.js');
    if (id.endsWith('/pkcs11.node')) return fromHome('./pkcs11.node');
    return fromHome(id);
  };
  body.call(module.exports, module.exports, requireHere, module, filename, home);
  return module.exports;
}

function withoutHashbang(text) {
  return text.startsWith('#!') ? `//${text}` : text;
}

/** `main.js` is the agent in one executable, the `kortbro` command in the other. */
function part(first) {
  if (first === '--module-host') {
    process.argv.splice(2, 1);
    return 'module-host.js';
  }
  return first.startsWith('chrome-extension://') || first === '--command' ? 'native-host.js' : 'main.js';
}

load(part(process.argv[2] ?? ''));
