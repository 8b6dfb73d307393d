// Runs in the page's own world on every https page, before the page's first script. Defines window.kortbro and does
// nothing more until a page uses it. Replaceable by the page, as the browser's own globals are.
import { createPageClient, type Connect, type Spoken } from './page-client.ts';

const NativeMessageChannel = MessageChannel;
const NativeMessageEvent = MessageEvent;
const { apply, get } = Reflect;
const dispatchEvent = get(EventTarget.prototype, 'dispatchEvent');
const postMessage = get(MessagePort.prototype, 'postMessage');

// An event of our own instead of window.postMessage: no listener of the page is disturbed, no other window can send it,
// it arrives before dispatchEvent returns, and preventDefault tells that somebody took the port.
const connect: Connect = (receive) => {
  const { port1, port2 } = new NativeMessageChannel();
  const offer = new NativeMessageEvent('kortbro:connect', { ports: [port2], cancelable: true });
  if (apply(dispatchEvent, window, [offer])) return undefined;
  port1.onmessage = ({ data }: MessageEvent<Spoken>) => receive(data);
  return (spoken) => {
    apply(postMessage, port1, typeof spoken === 'string' ? [spoken] : [spoken, [spoken.bytes.buffer]]);
  };
};

Object.defineProperty(window, 'kortbro', { value: createPageClient(connect), configurable: true });
