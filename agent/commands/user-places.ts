// Where this user's files belong (XDG Base Directory Specification 0.8). A relative value counts as not set, as it says.
import { join } from 'node:path';

export interface UserPlaces {
  home: string;
  configHome: string;
  dataHome: string;
  stateHome: string;
}

/** @param home the home directory, by HOME or the user database */
export function userPlaces(environment: Readonly<Record<string, string | undefined>>, home: string): UserPlaces {
  const place = (name: string, standard: string) => {
    const value = environment[name];
    return value?.startsWith('/') === true ? value : join(home, standard);
  };
  return {
    home,
    configHome: place('XDG_CONFIG_HOME', '.config'),
    dataHome: place('XDG_DATA_HOME', '.local/share'),
    stateHome: place('XDG_STATE_HOME', '.local/state'),
  };
}
