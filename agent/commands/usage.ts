// The help texts: an overview, and a page for each command. docs/commands.md says more.
import { type CommandName } from './command-line.ts';
import { type Language, type Text } from './text.ts';

const overview: Text = {
  sv: `Användning: kortbro KOMMANDO [--language sv|en]

  status             kortläsare, kort och om PIN-koden är ihågkommen
  certificates       e-legitimationerna på korten
  forget-pin         glöm PIN-koden; nästa inloggning frågar igen
  doctor             vad som fattas eller är fel, och vad man gör åt det
  install --user     anslut webbläsarna, för den här användaren
  uninstall --user   ta bort det som install --user lade dit

kortbro KOMMANDO --help säger mer. kortbro --version visar versionen.
Slutkoder: 0 klart, 1 nekat eller fel funnet, 2 felskrivet, 3 Kortbro svarar inte, 130 avbrutet.`,
  en: `Usage: kortbro COMMAND [--language sv|en]

  status             readers, cards, and whether the PIN is remembered
  certificates       the e-identities on the cards
  forget-pin         forget the PIN; the next login asks for it again
  doctor             what is missing or wrong, and what to do about it
  install --user     connect the browsers, for this user
  uninstall --user   remove what install --user put there

kortbro COMMAND --help says more. kortbro --version shows the version.
Exit codes: 0 done, 1 refused or a problem found, 2 not understood, 3 no answer from Kortbro, 130 interrupted.`,
};

const pages: Readonly<Record<CommandName, Text>> = {
  status: {
    sv: `Användning: kortbro status [--json]

Visar kortläsarna, korten i dem och om PIN-koden är ihågkommen. Rör inget kort.
De fyra sista siffrorna i ett personnummer visas inte.

  --json   för skript`,
    en: `Usage: kortbro status [--json]

Shows the readers, the cards in them, and whether the PIN is remembered. Touches no card.
The last four digits of a personal number are not shown.

  --json   for scripts`,
  },
  certificates: {
    sv: `Användning: kortbro certificates [--json]

Visar varje e-legitimation på varje kort, och varför en inte kan användas. Frågar inte efter PIN-koden.
De fyra sista siffrorna i ett personnummer visas inte.

  --json   för skript`,
    en: `Usage: kortbro certificates [--json]

Shows every e-identity on every card, and why one cannot be used. Does not ask for the PIN.
The last four digits of a personal number are not shown.

  --json   for scripts`,
  },
  'forget-pin': {
    sv: `Användning: kortbro forget-pin [--json]

Glömmer PIN-koden, även i korten. Nästa inloggning frågar efter PIN-koden igen.

  --json   för skript: {"ended": antal}`,
    en: `Usage: kortbro forget-pin [--json]

Forgets the PIN, in the cards too. The next login asks for the PIN again.

  --json   for scripts: {"ended": number}`,
  },
  doctor: {
    sv: `Användning: kortbro doctor [--json] [--repair [--yes]]

Undersöker den här datorn och säger vad som fattas eller är fel, och vad man gör åt det. Ändrar ingenting utan --repair.
Kör det som den användare och i den session som har problemet, inte som root och inte över SSH.
Startar Kortbros agent om den inte är igång, som webbläsaren också gör.

  --repair   på Windows: fråga för varje post i användarens register som döljer Kortbros egen, och ta bort den
  --yes      med --repair: fråga inte
  --json     för skript: {"version", "findings": [{"check", "state": ok|warning|problem, "detail", "whatToDo"}]}

Slutkod 1 när något problem hittades; varningar ger 0.`,
    en: `Usage: kortbro doctor [--json] [--repair [--yes]]

Examines this computer and says what is missing or wrong, and what to do about it. Changes nothing without --repair.
Run it as the user and in the session that has the problem, not as root and not over SSH.
Starts Kortbro's agent if it is not running, as the browser does too.

  --repair   on Windows: ask about each entry in the user's registry that hides Kortbro's own, and remove it
  --yes      with --repair: do not ask
  --json     for scripts: {"version", "findings": [{"check", "state": ok|warning|problem, "detail", "whatToDo"}]}

Exit code 1 when a problem was found; warnings give 0.`,
  },
  install: {
    sv: `Användning: kortbro install --user [--all] [--force]

Ansluter Chromium, Chrome och Edge till Kortbro för den här användaren, och startar Kortbro vid inloggning.
Kan köras om. Behöver inte root.

  --user    krävs; för hela datorn används installationspaketet
  --all     även för webbläsare som inte har använts här
  --force   ersätt filer som någon annan har skrivit`,
    en: `Usage: kortbro install --user [--all] [--force]

Connects Chromium, Chrome and Edge to Kortbro for this user, and starts Kortbro at logon.
May be run again. Does not need root.

  --user    required; for the whole computer there is the package
  --all     also for browsers that have not been used here
  --force   replace files that somebody else has written`,
  },
  uninstall: {
    sv: `Användning: kortbro uninstall --user

Tar bort det som install --user lade dit, och bara det.

  --user    krävs`,
    en: `Usage: kortbro uninstall --user

Removes what install --user put there, and only that.

  --user    required`,
  },
};

/** The page of `command`, or the overview. */
export function usage(command: CommandName | undefined, language: Language): string {
  return (command === undefined ? overview : pages[command])[language];
}
