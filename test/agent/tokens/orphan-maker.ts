// Stands for an agent that is about to be killed: starts a module host, leaves it idle or hanging, and prints its process id.
import { ModuleHost } from '../../../agent/tokens/module-host.ts';
import { SimulatorControl } from '../../../agent/tokens/simulator/simulator-control.ts';

const [directory = '', state] = process.argv.slice(2);
const host = new ModuleHost({ source: { type: 'simulator', directory }, operationMilliseconds: 60_000 });
await host.start();
if (state === 'hanging') {
  await new SimulatorControl(directory).hangAt('bind');
  void host.bind('Simulated reader 1', new Uint8Array(), false).catch(() => undefined);
  // The request has to reach the child before it counts as hanging.
  await new Promise((resolve) => setTimeout(resolve, 100));
}
process.stdout.write(`${host.processId ?? 0}\n`);
