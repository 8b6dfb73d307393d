// Which variables a program of ours forgets, and whether the list for launchers has all that Node itself names.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { forgetForeignVariables, nodeVariables } from '../../shared/foreign-variables.ts';

describe('Foreign variables', () => {
  it("are those of Node, OpenSSL, libuv and the drivers' spies, in any case, and no others", () => {
    const kept = { PATH: '/bin', HOME: '/', DISPLAY: ':0', https_proxy: 'x', NODEJS: 'x', OPENSC_CONF: 'x', UVA: 'x' };
    const foreign = {
      node_options: 'x',
      NODE_ANYTHING: 'x',
      Openssl_Conf: 'x',
      SSLKEYLOGFILE: 'x',
      PKCS11SPY_OUTPUT: 'x',
    };
    const environment = { ...kept, ...foreign, OPENSC_DEBUG: '9', UV_THREADPOOL_SIZE: '1' };
    forgetForeignVariables(environment);
    assert.deepEqual(environment, kept);
  });

  it('of the list for launchers are all forgotten', () => {
    const environment = Object.fromEntries(nodeVariables.map((name) => [name, 'x']));
    forgetForeignVariables(environment);
    assert.deepEqual(environment, {});
  });

  it('are on the list for launchers when `node --help` names them', () => {
    const help = execFileSync(process.execPath, ['--help'], { encoding: 'utf8' });
    const named = [...help.matchAll(/^((?:NODE|OPENSSL|SSL|UV)_?[A-Z0-9_]+) /gm)].map(([, name = '']) => name);
    assert.ok(named.length > 10);
    const listed: readonly string[] = nodeVariables;
    assert.deepEqual(
      named.filter((name) => !listed.includes(name)),
      [],
    );
  });
});
