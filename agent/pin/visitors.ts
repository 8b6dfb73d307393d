// Which sites the holder of the card in use has let in: they, and no others, may know whether the card is there. Kept when
// the card is pulled, so that they can be told; forgotten when another holder logs in.

export class Visitors {
  #holder: string | undefined;
  readonly #sites = new Set<string>();

  /** `site` has been let in by the holder with this token fingerprint. */
  add(holder: string, site: string): void {
    if (this.#holder !== holder) this.#sites.clear();
    this.#holder = holder;
    this.#sites.add(site);
  }

  has(site: string): boolean {
    return this.#sites.has(site);
  }

  get sites(): string[] {
    return [...this.#sites];
  }
}
