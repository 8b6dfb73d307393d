import assert from 'node:assert/strict';
import { hostEnvironment } from '../../../agent/tokens/module-host-process.ts';

describe('the environment of a module host', () => {
  it('has what a driver needs to find pcscd, a home and a language', () => {
    const ours = {
      HOME: '/home/anna',
      LANG: 'sv_SE.UTF-8',
      LC_ALL: 'C',
      PCSCLITE_CSOCK_NAME: '/x',
      XDG_RUNTIME_DIR: '/run/user/1',
    };
    const environment = hostEnvironment(ours, '/our/opensc.conf');
    for (const [name, value] of Object.entries(ours)) assert.equal(environment[name], value);
    assert.equal(environment['OPENSC_CONF'], '/our/opensc.conf');
  });

  it('has on Windows where the system and profiles are, whatever the case of a name, and a PATH of the system alone', () => {
    const kept = {
      SystemRoot: 'C:\\Windows',
      'ProgramFiles(x86)': 'C:\\Program Files (x86)',
      LOCALAPPDATA: 'C:\\Users\\anna\\AppData\\Local',
    };
    const dropped = { Path: 'C:\\Users\\anna\\bin', NODE_OPTIONS: '--require x', PKCS11SPY: 'x', HTTPS_PROXY: 'x' };
    assert.deepEqual(hostEnvironment({ ...kept, ...dropped }, 'C:\\our\\opensc.conf', 'win32'), {
      ...kept,
      OPENSC_CONF: 'C:\\our\\opensc.conf',
      PATH: 'C:\\Windows\\System32;C:\\Windows',
    });
  });

  it('has nothing by which a program could be put between driver and card, or the PIN be kept', () => {
    const hostile = [
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'LD_AUDIT',
      'NODE_OPTIONS',
      'NODE_PATH',
      'NODE_EXTRA_CA_CERTS',
      'PKCS11SPY',
      'PKCS11SPY_OUTPUT',
      'OPENSC_DEBUG',
      'LIBPCSCLITE_NAME',
      'MALLOC_PERTURB_',
      'xdg_runtime_dir',
    ];
    const ours = Object.fromEntries(hostile.map((name) => [name, 'x']));
    const environment = hostEnvironment(
      { ...ours, OPENSC_CONF: '/theirs', GLIBC_TUNABLES: 'theirs' },
      '/our/opensc.conf',
    );
    assert.deepEqual(Object.keys(environment).sort(), ['GLIBC_TUNABLES', 'OPENSC_CONF']);
    assert.equal(environment['OPENSC_CONF'], '/our/opensc.conf');
    assert.doesNotMatch(environment['GLIBC_TUNABLES'] ?? '', /theirs/);
  });
});
