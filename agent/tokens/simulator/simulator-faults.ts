// What can be made to go wrong in the simulator, once, at the next call of a kind: it hangs, it crashes, it fails, it lies.
import { type TokenFailure, TokenError } from '../token.ts';

/** Calls that a fault can wait for. */
export const faultCalls = ['bind', 'pinStatus', 'login', 'sign', 'signWithPin', 'lock', 'release'] as const;
export type FaultCall = (typeof faultCalls)[number];

export type Fault =
  { kind: 'hang' } | { kind: 'crash' } | { kind: 'corrupt' } | { kind: 'fail'; failure: TokenFailure };

export class SimulatorFaults {
  readonly #waiting = new Map<FaultCall, Fault>();

  set(call: FaultCall, fault: Fault): void {
    this.#waiting.set(call, fault);
  }

  /** Lets the fault of this call happen, if one waits. Answers whether the call's answer is to be corrupted. */
  meet(call: FaultCall): boolean {
    const fault = this.#waiting.get(call);
    this.#waiting.delete(call);
    switch (fault?.kind) {
      case 'hang':
        // As a driver hangs: the whole process stands still, and takes no time of the processor.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        return false;
      case 'crash':
        return process.abort();
      case 'fail':
        throw new TokenError(fault.failure, { native: 'simulated' });
      case 'corrupt':
        return true;
      case undefined:
        return false;
    }
  }
}
