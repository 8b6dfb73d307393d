// kortbro-pin.exe as a file: the same bytes from every build, what Windows needs to know of it, and nothing of this machine.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPin, compilerMissing, pinDialog } from './pin-programs.ts';

/** From winnt.h. */
const subsystemGui = 2;
const mitigations = 0x20 | 0x40 | 0x100; // high-entropy addresses, moved base, no execution of data

describe('kortbro-pin.exe', function () {
  this.timeout(300_000);
  let bytes: Buffer;
  let header: number;
  before(async function () {
    const reason = compilerMissing();
    if (reason !== undefined) {
      if (process.env['CI'] !== undefined) throw new Error(reason);
      return this.skip();
    }
    bytes = readFileSync(await pinDialog());
    header = bytes.readUInt32LE(0x3c);
  });

  it('is the same, byte for byte, when it is built again elsewhere', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kortbro-pin-again-'));
    try {
      assert.ok(readFileSync(await buildPin(directory)).equals(bytes));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('opens no console, and asks for every protection of its memory', () => {
    assert.equal(bytes.readUInt16LE(header + 24 + 68), subsystemGui);
    assert.equal(bytes.readUInt16LE(header + 24 + 70) & mitigations, mitigations);
    assert.equal(bytes.readUInt32LE(header + 8), 0, 'a time stamp');
  });

  it('needs no library but those of Windows', () => {
    const names = new Set(
      [...bytes.toString('latin1').matchAll(/[\w-]+\.dll\b/gi)].map(([name]) => name.toLowerCase()),
    );
    const system = ['advapi32', 'comctl32', 'dwmapi', 'gdi32', 'imm32', 'kernel32', 'msvcrt', 'ole32', 'user32'];
    assert.deepEqual(
      [...names].filter((name) => !system.includes(name.replace('.dll', ''))),
      [],
    );
  });

  it('says in its manifest what it needs: no more rights, its own scaling, common controls 6', () => {
    const text = bytes.toString('latin1');
    for (const part of [
      'level="asInvoker" uiAccess="false"',
      '>PerMonitorV2, PerMonitor<',
      'Common-Controls" version="6.0',
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  it('has a name and a version', () => {
    for (const text of ['Kortbro PIN dialog', 'kortbro-pin.exe', '0.0.0', 'ProductName']) {
      assert.ok(bytes.includes(Buffer.from(text, 'utf16le')), text);
    }
  });

  it('names no folder of the machine that it was built on', () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    for (const place of [root, homedir(), tmpdir(), 'agent/pin']) assert.ok(!bytes.includes(place), place);
  });
});
