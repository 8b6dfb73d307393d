// The audit log: one JSON line for each event, bounded files, and never a reason for a login to fail.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent } from '../../../agent/audit/audit-event.ts';
import { openAuditLog } from '../../../agent/audit/audit-log.ts';
import { limits } from '../../../shared/limits.ts';

const stopped: AuditEvent = { event: 'agent-stopped' };
const inserted: AuditEvent = { event: 'card-inserted', reader: 'A' };

describe('The audit log', () => {
  let scratch: string;
  let directory: string;
  const now = () => new Date('2026-03-02T12:00:00.123Z');
  const file = (name = 'audit.jsonl') => join(directory, name);
  const lines = (name?: string) => readFileSync(file(name), 'utf8').split('\n').slice(0, -1);
  const fill = (text = 'x') => writeFileSync(file(), `${text.repeat(limits.auditFileSize - 1)}\n`);

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'kortbro-audit-'));
    directory = join(scratch, 'state', 'kortbro');
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  it('is one JSON line for each event, with its time', () => {
    const log = openAuditLog(directory, now);
    log.write(inserted);
    log.write({ event: 'peer-refused', code: 'ERR_AGENT_PROOF' });
    assert.deepEqual(lines(), [
      '{"time":"2026-03-02T12:00:00.123Z","event":"card-inserted","reader":"A"}',
      '{"time":"2026-03-02T12:00:00.123Z","event":"peer-refused","code":"ERR_AGENT_PROOF"}',
    ]);
  });

  it('keeps an event on one line whatever a reader is called', () => {
    const reader = 'A\n{"event":"agent-stopped"}\r\u2028"\u0000\ud800';
    openAuditLog(directory, now).write({ event: 'card-inserted', reader });
    assert.equal(lines().length, 1);
    assert.equal((JSON.parse(lines()[0] ?? '') as { reader: string }).reader, reader);
  });

  it('is for its user alone', () => {
    const umask = process.umask(0);
    try {
      openAuditLog(directory, now).write(stopped);
    } finally {
      process.umask(umask);
    }
    assert.deepEqual([statSync(file()).mode & 0o777, statSync(directory).mode & 0o777], [0o600, 0o700]);
  });

  it('goes on where it was', () => {
    openAuditLog(directory, now).write(stopped);
    openAuditLog(directory, now).write(stopped);
    assert.equal(lines().length, 2);
  });

  it('begins a new file when the last one is full, and keeps a few old ones, newest first', () => {
    const log = openAuditLog(directory, now);
    log.write(stopped);
    const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const letter of letters) {
      fill(letter);
      appendFileSync(file(), 'y');
      log.write(stopped);
      assert.equal(lines().length, 1);
    }
    const files = readdirSync(directory).sort();
    assert.deepEqual(files, ['audit.1.jsonl', 'audit.2.jsonl', 'audit.3.jsonl', 'audit.4.jsonl', 'audit.jsonl']);
    assert.equal(limits.auditFiles, 4);
    assert.deepEqual(
      [1, 2, 3, 4].map((number) => lines(`audit.${number}.jsonl`)[0]?.[0]),
      ['g', 'f', 'e', 'd'],
    );
  });

  it('does not begin a new file a byte too early', () => {
    const log = openAuditLog(directory, now);
    log.write(stopped);
    writeFileSync(file(), `${'x'.repeat(limits.auditFileSize - 2)}\n`);
    log.write(stopped);
    assert.ok(!existsSync(file('audit.1.jsonl')));
  });

  const obstacles: [string, () => void][] = [
    [
      'there is a file in the place of its directory',
      () => {
        mkdirSync(join(scratch, 'state'));
        writeFileSync(directory, '');
      },
    ],
    ['there is a directory in its place', () => mkdirSync(file(), { recursive: true })],
    [
      'its directory is a link that leads nowhere',
      () => {
        mkdirSync(join(scratch, 'state'));
        symlinkSync(join(scratch, 'gone', 'further'), directory);
      },
    ],
    [
      'the disk is full',
      () => {
        mkdirSync(directory, { recursive: true });
        symlinkSync('/dev/full', file());
      },
    ],
    [
      'it cannot be renamed',
      () => {
        mkdirSync(directory, { recursive: true });
        fill();
        appendFileSync(file(), 'y');
        mkdirSync(file('audit.1.jsonl/x'), { recursive: true });
        for (const number of [2, 3, 4]) mkdirSync(file(`audit.${number}.jsonl/x`), { recursive: true });
      },
    ],
  ];
  for (const [name, make] of obstacles) {
    it(`stops nothing when ${name}`, () => {
      make();
      openAuditLog(directory, now).write(stopped);
    });
  }

  it('stops nothing when its directory cannot be written, and goes on when it can', function () {
    if (process.getuid?.() !== 0) this.skip();
    chmodSync(scratch, 0o711);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const log = openAuditLog(directory, now);
    process.seteuid?.(65534);
    try {
      log.write(stopped);
    } finally {
      process.seteuid?.(0);
    }
    assert.ok(!existsSync(file()));
    log.write(stopped);
    assert.equal(lines().length, 1);
  });

  it('is made again when somebody removed it', () => {
    const log = openAuditLog(directory, now);
    log.write(stopped);
    rmSync(directory, { recursive: true });
    log.write(stopped);
    assert.equal(lines().length, 1);
  });
});
