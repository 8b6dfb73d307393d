// The command line of the demonstration. Pure: what is there on the machine is looked at elsewhere.
import { parseArgs } from 'node:util';

export const usage = `npm run demo [-- OPTIONS]
  --headless             the demonstration walks by itself, without a screen
  --report FILE          where it writes how it went (with --headless; default demo-report.json)
  --language sv|en       of the browser (default sv)
  --card pkcs11 --module PATH
                         a card in a reader, through the PKCS#11 module PATH, instead of the simulated card
  --trust FILE           who issues that card: {"roots":["root.pem"],"issuers":[{"certificate":"ca.pem","name":"Common Name",
                         "assuranceLevel":3,"policyOid":"1.2.3"}]}; default: the test PKI
  --control SOCKET       whoever plays the card puts it in and pulls it when told so here (demo/card-control.ts)
  --dist DIRECTORY       the built product (default dist/)
  --pki DIRECTORY        where the test PKI is kept; default: made anew each time
`;

export interface DemoArguments {
  readonly headless: boolean;
  readonly report: string;
  readonly language: 'sv' | 'en';
  readonly card: { readonly kind: 'simulated' } | { readonly kind: 'pkcs11'; readonly module: string };
  readonly control: string | undefined;
  readonly trust: string | undefined;
  readonly pki: string | undefined;
  readonly dist: string | undefined;
}

/** @throws Error with a sentence for whoever typed them */
export function parseDemoArguments(words: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...words],
    strict: true,
    options: {
      headless: { type: 'boolean', default: false },
      report: { type: 'string' },
      language: { type: 'string', default: 'sv' },
      card: { type: 'string', default: 'simulated' },
      module: { type: 'string' },
      trust: { type: 'string' },
      control: { type: 'string' },
      pki: { type: 'string' },
      dist: { type: 'string' },
    },
  });
  const { headless, report = 'demo-report.json', language, card, module, trust, control, pki, dist } = values;
  if (language !== 'sv' && language !== 'en') throw new Error('--language is sv or en');
  if (card !== 'simulated' && card !== 'pkcs11') throw new Error('--card is simulated or pkcs11');
  if (card === 'pkcs11' && module === undefined) throw new Error('--card pkcs11 needs --module PATH');
  if (card === 'simulated' && (module ?? trust ?? control) !== undefined) {
    throw new Error('--module, --trust and --control go with --card pkcs11');
  }
  if (headless && card === 'pkcs11' && control === undefined) {
    throw new Error(
      '--headless with --card pkcs11 needs --control SOCKET: somebody has to put the card in and pull it',
    );
  }
  return {
    headless,
    report,
    language,
    card: module === undefined ? { kind: 'simulated' } : { kind: 'pkcs11', module },
    control,
    trust,
    pki,
    dist,
  };
}
