// Environment variables that would change what Node, OpenSSL, libuv or a driver's spy load, trust, trace or write in a process of ours.
// Each program forgets them all first; launchers also keep those from it that Node reads before.

/** Names know no case on Windows. */
const foreign = /^(?:NODE_|OPENSSL_|SSL|UV_|PKCS11SPY|OPENSC_DEBUG$)/i;

/** Takes them out of an environment: that of a program, and of whatever it starts from then on. */
export function forgetForeignVariables(environment: Record<string, string | undefined>): void {
  for (const name of Object.keys(environment)) if (foreign.test(name)) Reflect.deleteProperty(environment, name);
}

/** Those that Node 20 to 24 reads, by name: a shell cannot be told "all that begin so". native-host/launcher.sh has the same. */
export const nodeVariables = [
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_COMPILE_CACHE', 'NODE_COMPILE_CACHE_PORTABLE', 'NODE_DISABLE_COMPILE_CACHE'],
  ...['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_V8_COVERAGE', 'NODE_REDIRECT_WARNINGS', 'NODE_NO_WARNINGS'],
  ...[
    'NODE_EXTRA_CA_CERTS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'NODE_USE_SYSTEM_CA',
    'NODE_USE_ENV_PROXY',
    'NODE_ICU_DATA',
  ],
  ...[
    'NODE_PENDING_DEPRECATION',
    'NODE_PENDING_PIPE_INSTANCES',
    'NODE_PRESERVE_SYMLINKS',
    'NODE_PRESERVE_SYMLINKS_MAIN',
  ],
  ...['NODE_REPL_EXTERNAL_MODULE', 'NODE_REPL_HISTORY', 'NODE_SKIP_PLATFORM_CHECK', 'NODE_DISABLE_COLORS'],
  ...[
    'NODE_CHANNEL_FD',
    'NODE_CHANNEL_SERIALIZATION_MODE',
    'NODE_UNIQUE_ID',
    'NODE_TEST_CONTEXT',
    'NODE_TEST_WORKER_ID',
  ],
  ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES', 'SSL_CERT_DIR', 'SSL_CERT_FILE', 'SSLKEYLOGFILE'],
  ...['UV_THREADPOOL_SIZE', 'UV_USE_IO_URING'],
] as const;
