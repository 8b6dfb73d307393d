// pkcs11js's addon loads a module for Windows, and C_Login gets the PIN's own bytes through ours.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loginUser } from '../../../agent/native/pkcs11-login.ts';

/** What is used here of the class that pkcs11.node exports. */
interface Pkcs11 {
  load: (path: string) => void;
  C_Initialize: () => void;
  C_GetSlotList: (present: boolean) => Buffer[];
  C_OpenSession: (slot: Buffer, flags: number) => Buffer;
  C_GenerateRandom: (session: Buffer, buffer: Buffer) => Buffer;
}

describe('C_Login', () => {
  const module = join(dirname(process.execPath), 'läsare pkcs11.dll');
  let pkcs11: Pkcs11;
  let session: Buffer;

  before(() => {
    assert.throws(() => loginUser(module, Buffer.alloc(4), Buffer.from('123456')), /not loaded/);
    const { PKCS11 } = createRequire(process.execPath)('./pkcs11.node') as { PKCS11: new () => Pkcs11 };
    pkcs11 = new PKCS11();
    pkcs11.load(module);
    pkcs11.C_Initialize();
    const [slot] = pkcs11.C_GetSlotList(true);
    session = pkcs11.C_OpenSession(slot!, 4);
  });

  it('gets the bytes of the PIN and the session, and its code comes back', () => {
    assert.equal(loginUser(module, session, Buffer.from('123456')), 0);
    assert.equal(loginUser(module, session, Buffer.from('000000')), 0xa0);
    assert.equal(pkcs11.C_GenerateRandom(session, Buffer.alloc(8)).toString(), '000000\0\0');
  });

  it('is refused a handle of another size and a module that is not loaded', () => {
    assert.throws(() => loginUser(module, Buffer.alloc(8), Buffer.from('123456')), TypeError);
    assert.throws(() => loginUser('C:\\none.dll', session, Buffer.from('123456')), /not loaded/);
  });
});
