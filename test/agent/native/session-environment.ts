// Points the session watch, which reads the environment when it starts, at a bus and a session of the test's own.

const names = ['DBUS_SYSTEM_BUS_ADDRESS', 'XDG_SESSION_ID'] as const;

/** Sets both; the returned function puts back what was there. */
export function enterSession(address: string, id: string): () => void {
  const before = names.map((name) => process.env[name]);
  process.env['DBUS_SYSTEM_BUS_ADDRESS'] = address;
  process.env['XDG_SESSION_ID'] = id;
  return () => {
    names.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    });
  };
}
