// Which requests are blocked: the declarativeNetRequest rules as they should be, and the way from those that are. Pure.
// Dynamic rules are on disk and hold from the browser's first request; session rules end with the browser.

/** What the rules follow from, all of them origins. */
export interface Guard {
  /** Blocked from the browser's start until `allowed` says otherwise. */
  guarded: ReadonlySet<string>;
  /** Guarded, and the agent has said in this run of the browser that nothing is owed there. */
  allowed: ReadonlySet<string>;
  /** Being cleared: blocked whatever else holds. */
  clearing: ReadonlySet<string>;
  /** Our own worker may fetch there. */
  calling: ReadonlySet<string>;
}

export type Rule = chrome.declarativeNetRequest.Rule;

/** Rules by their scope. */
export interface Rules {
  dynamic: Rule[];
  session: Rule[];
}

const priorities = { guard: 1, allow: 2, call: 3, clearing: 4 } as const;
type Purpose = keyof typeof priorities;

/** Every type that there is: a rule that names none leaves out the main frame. */
const everyType = [
  'main_frame',
  'sub_frame',
  'stylesheet',
  'script',
  'image',
  'font',
  'object',
  'xmlhttprequest',
  'ping',
  'csp_report',
  'media',
  'websocket',
  'webtransport',
  'webbundle',
  'other',
] as const;

/** `extensionId`: the initiator of our own fetches. */
export function wantedRules({ guarded, allowed, clearing, calling }: Guard, extensionId: string): Rules {
  return {
    dynamic: numbered([...guarded].flatMap((origin) => rulesFor(origin, 'guard'))),
    session: numbered([
      ...[...allowed].filter((origin) => guarded.has(origin)).flatMap((origin) => rulesFor(origin, 'allow')),
      ...[...calling].flatMap((origin) => rulesFor(origin, 'call', extensionId)),
      ...[...clearing].flatMap((origin) => rulesFor(origin, 'clearing')),
    ]),
  };
}

/** What to take away and to add; undefined where nothing is to be done. */
export function difference(
  current: readonly Rule[],
  wanted: readonly Rule[],
): { removeRuleIds: number[]; addRules: Rule[] } | undefined {
  const has = new Map(current.map((rule) => [rule.id, textOf(rule)]));
  const wants = new Map(wanted.map((rule) => [rule.id, textOf(rule)]));
  const removeRuleIds = [...has].filter(([id, text]) => wants.get(id) !== text).map(([id]) => id);
  const addRules = wanted.filter((rule) => has.get(rule.id) !== textOf(rule));
  return removeRuleIds.length + addRules.length === 0 ? undefined : { removeRuleIds, addRules };
}

/**
 * The session rules to have before the dynamic ones change: an allow rule comes before its block and goes after it, so that
 * nobody is stopped in between.
 */
export function beforeDynamic(current: readonly Rule[], wanted: readonly Rule[], guarded: ReadonlySet<string>): Rule[] {
  const ids = new Set(wanted.map(({ id }) => id));
  const filters = new Set([...guarded].flatMap(filtersOf));
  const leaving = current.filter(
    ({ id, priority, condition: { urlFilter = '' } }) =>
      priority === priorities.allow && !ids.has(id) && !filters.has(urlFilter),
  );
  return [...wanted, ...leaving];
}

/** Whether requests to `origin` are blocked by the rules of this guard. */
export function isDenied({ guarded, allowed, clearing }: Guard, origin: string): boolean {
  return clearing.has(origin) || (guarded.has(origin) && !allowed.has(origin));
}

/** The guarded origins that these session rules, of the worker before this one, let through. */
export function allowedBy(session: readonly Rule[], guarded: Iterable<string>): Set<string> {
  const filters = new Set(
    session.filter(({ priority }) => priority === priorities.allow).map(({ condition }) => condition.urlFilter),
  );
  return new Set([...guarded].filter((origin) => filtersOf(origin).every((filter) => filters.has(filter))));
}

type Unnumbered = Omit<Rule, 'id'>;

/** One rule for the origin and one for its web sockets; the filter takes the port in, which `requestDomains` does not. */
function rulesFor(origin: string, purpose: Purpose, initiator?: string): Unnumbered[] {
  return filtersOf(origin).map((urlFilter) => ({
    priority: priorities[purpose],
    action: { type: purpose === 'allow' || purpose === 'call' ? 'allow' : 'block' },
    condition: {
      urlFilter,
      resourceTypes: [...everyType],
      ...(initiator === undefined ? {} : { initiatorDomains: [initiator] }),
    },
  }));
}

function filtersOf(origin: string): string[] {
  return [`|${origin}/`, `|${origin.replace(/^http/, 'ws')}/`];
}

/** Ids follow from what the rules say, so that every worker gives the same; where two fall together, the next one free. */
function numbered(rules: readonly Unnumbered[]): Rule[] {
  const taken = new Set<number>();
  const named = rules.map((rule) => ({ rule, name: `${rule.priority} ${rule.condition.urlFilter}` }));
  return named
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ rule, name }) => {
      let id = hash(name);
      while (taken.has(id)) id = (id % maximumId) + 1;
      taken.add(id);
      return { id, ...rule };
    });
}

const maximumId = 2 ** 31 - 1;

/** FNV-1a, into 1 to maximumId. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return (value % maximumId) + 1;
}

/** Chromium gives rules back with keys in an order of its own, and lists as sets. */
function textOf({ priority, action, condition }: Rule): string {
  const { urlFilter, initiatorDomains = [], resourceTypes = [] } = condition;
  return JSON.stringify([priority, action.type, urlFilter, [...initiatorDomains].sort(), [...resourceTypes].sort()]);
}
