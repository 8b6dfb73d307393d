// Finds the endpoint that this OS session's agent has written.
import { type EndpointPlace } from '../shared/endpoint.ts';
import { type Discovery } from './discovered.ts';
import { discoverOnUnix } from './discovery-unix.ts';
import { discoverOnWindows } from './discovery-windows.ts';

/**
 * Looks once. An endpoint that is returned may still be stale: only a connection and the proof can tell. `passed`: sockets at
 * which no agent of this session was met.
 */
export function discoverEndpoint(place: EndpointPlace, passed: ReadonlySet<string>): Discovery {
  return process.platform === 'win32' ? discoverOnWindows(place.environment, passed) : discoverOnUnix(place, passed);
}
