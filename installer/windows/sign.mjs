// Signs what Windows runs (Authenticode): executables, addons, the installer. With the certificate that the environment names, or
// by a program of the publisher's own, whose key may be in a module that it never leaves; with neither, not at all.
import { spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';

/** How to sign, by the environment; undefined: not at all. */
export function signer(environment = process.env) {
  const program = environment.KORTBRO_SIGN_PROGRAM;
  if (program !== undefined) return (path) => run(program, [path]);
  const certificate = environment.KORTBRO_SIGN_PKCS12;
  if (certificate === undefined) return undefined;
  const passwordFile = environment.KORTBRO_SIGN_PASSWORD_FILE;
  const timestamp = environment.KORTBRO_SIGN_TIMESTAMP_URL;
  return (path) => {
    const signed = `${path}.signed`;
    const words = ['sign', '-h', 'sha256', '-pkcs12', certificate, '-n', 'Kortbro'];
    if (passwordFile !== undefined) words.push('-readpass', passwordFile);
    if (timestamp !== undefined) words.push('-ts', timestamp);
    try {
      run('osslsigncode', [...words, '-in', path, '-out', signed]);
      renameSync(signed, path);
    } finally {
      rmSync(signed, { force: true });
    }
  };
}

function run(program, words) {
  const { status, error, stdout, stderr } = spawnSync(program, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} signs nothing: ${(stderr || stdout).slice(-500)}`);
}
