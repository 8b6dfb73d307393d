import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  autostartEntry,
  isOurAutostartEntry,
  readAutostartEntry,
} from '../../../../agent/commands/install/autostart-entry.ts';
import { hostManifest, parseHostManifest } from '../../../../agent/commands/install/host-manifest.ts';
import { isOurLauncher, launcher, launcherTargets } from '../../../../agent/commands/install/launcher.ts';
import { userPlaces } from '../../../../agent/commands/user-places.ts';
import { nodeVariables } from '../../../../shared/foreign-variables.ts';

/** Absolute paths with everything that has a meaning to a shell or in a desktop file. */
const path = fc
  .array(fc.constantFrom('a', 'ö', ' ', '/', "'", '"', '$', '`', '\\', '%', '%f', ';', '&', '*', '-'), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => `/${parts.join('')}`);

describe('The host manifest', () => {
  it('holds what Chromium asks for, and one origin', () => {
    assert.deepEqual(JSON.parse(hostManifest('/opt/host')), {
      name: 'se.kortbro.host',
      description: 'Kortbro: web pages use the smart card in the reader',
      path: '/opt/host',
      type: 'stdio',
      allowed_origins: ['chrome-extension://enkfobeibilnjcamendfcdpkdeoammnj/'],
    });
  });

  it('is read back, whatever the path holds', () => {
    fc.assert(fc.property(path, (program) => assert.equal(parseHostManifest(hostManifest(program))?.path, program)));
  });

  it('is none when it is no JSON or a field is missing or of another type', () => {
    for (const text of [
      '',
      '[]',
      'null',
      '{"name":"x"}',
      '{"name":"x","path":1,"type":"stdio","allowed_origins":[]}',
    ]) {
      assert.equal(parseHostManifest(text), undefined);
    }
  });
});

describe('The launcher', () => {
  it('is known as ours and tells what it starts, whatever the paths hold', () => {
    fc.assert(
      fc.property(path, path, (node, program) => {
        const text = launcher(node, program);
        assert.ok(isOurLauncher(text));
        assert.deepEqual(launcherTargets(text), [node, program]);
      }),
    );
  });

  it('tells nothing of a text that is not ours', () => {
    assert.deepEqual(launcherTargets("#!/bin/sh\nexec '/usr/bin/node' '/x'\n"), []);
    assert.ok(!isOurLauncher(''));
  });

  it('passes every argument on and drops what Node reads, from a directory with a hostile name', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kortbro it\'s $HOME `x` "y" '));
    try {
      const [program, start] = [join(directory, 'show.cjs'), join(directory, 'start')];
      writeFileSync(program, 'process.stdout.write(JSON.stringify([process.argv.slice(2), Object.keys(process.env)]))');
      writeFileSync(start, launcher(process.execPath, program));
      chmodSync(start, 0o700);
      const environment = Object.fromEntries(nodeVariables.map((name) => [name, '--require=/nowhere']));
      const output = execFileSync(start, ['chrome-extension://x/', 'a b', '$c'], {
        env: { ...environment, KEPT: '1' },
        encoding: 'utf8',
      });
      const [words, names] = JSON.parse(output) as [string[], string[]];
      assert.deepEqual(words, ['chrome-extension://x/', 'a b', '$c']);
      assert.deepEqual(
        names.filter((name) => name in environment),
        [],
      );
      assert.ok(names.includes('KEPT'));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('The autostart entry', () => {
  it('starts the agent without what could change Node', () => {
    assert.match(
      autostartEntry('/usr/bin/node', '/opt/k/main.js'),
      /^Exec=env(?: -u \w+)+ "\/usr\/bin\/node" "\/opt\/k\/main\.js"$/m,
    );
  });

  it('is known as ours and tells what it starts, whatever the paths hold', () => {
    fc.assert(
      fc.property(path, path, (node, program) => {
        const text = autostartEntry(node, program);
        assert.ok(isOurAutostartEntry(text));
        assert.deepEqual(readAutostartEntry(text), { enabled: true, targets: [node, program] });
      }),
    );
  });

  it('escapes as the Desktop Entry Specification says: quoting first, then the string', () => {
    assert.match(autostartEntry('/a\\b', '/$c%d'), /^Exec=env [-\w ]+ "\/a\\\\\\\\b" "\/\\\\\$c%%d"$/m);
  });

  it('is off when it is hidden or GNOME has switched it off', () => {
    for (const line of ['Hidden=true', 'X-GNOME-Autostart-enabled=false']) {
      assert.equal(readAutostartEntry(`${autostartEntry('/n', '/p')}${line}\n`).enabled, false);
    }
  });
});

describe("The user's places", () => {
  it('are those of the XDG specification, and a relative value counts as not set', () => {
    const standard = {
      home: '/h',
      configHome: '/h/.config',
      dataHome: '/h/.local/share',
      stateHome: '/h/.local/state',
    };
    assert.deepEqual(userPlaces({}, '/h'), standard);
    assert.deepEqual(userPlaces({ XDG_CONFIG_HOME: 'x', XDG_DATA_HOME: '' }, '/h'), standard);
    assert.deepEqual(userPlaces({ XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_STATE_HOME: '/s' }, '/h'), {
      home: '/h',
      configHome: '/c',
      dataHome: '/d',
      stateHome: '/s',
    });
  });
});
