// Which sites the holder of the card in use has let in, and in which reader that card is: these sites, and no others, may
// know whether it is there. Kept when the card is pulled, so that they can be told; forgotten when another holder logs in.

export class Visitors {
  #holder: string | undefined;
  /** Where the card is, or was when reader, service or session went: nobody can say then that it was pulled. */
  #reader: string | undefined;
  readonly #sites = new Set<string>();

  /** `site` has been let in by the holder with this token fingerprint, whose card is in `reader`. */
  add(holder: string, site: string, reader: string): void {
    if (this.#holder !== holder) this.#sites.clear();
    this.#holder = holder;
    this.#reader = reader;
    this.#sites.add(site);
  }

  has(site: string): boolean {
    return this.#sites.has(site);
  }

  /** Whether this token is the card of the holder who let the sites in. */
  isHolder(fingerprint: string): boolean {
    return this.#holder === fingerprint;
  }

  /** Where the holder's card was last seen, until it is known to have left. */
  get reader(): string | undefined {
    return this.#reader;
  }

  /** A card has been read. Whether the holder's has come back, or another one stands where it was; else undefined. */
  cardRead(reader: string, fingerprints: readonly string[]): 'back' | 'exchanged' | undefined {
    if (this.#holder !== undefined && fingerprints.includes(this.#holder)) {
      const back = this.#reader === undefined;
      this.#reader = reader;
      return back ? 'back' : undefined;
    }
    if (this.#reader !== reader) return undefined;
    this.#reader = undefined;
    return 'exchanged';
  }

  /** The card of `reader` has been pulled. The sites to be told: none when it was not the holder's. */
  cardPulled(reader: string): string[] {
    if (this.#reader !== reader) return [];
    this.#reader = undefined;
    return this.sites;
  }

  get sites(): string[] {
    return [...this.#sites];
  }
}
