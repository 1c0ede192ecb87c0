/** A map that forgets what was used longest ago. */
export class Lru<V> {
  readonly #entries = new Map<string, V>()
  readonly #size: number
  /** The key used last: it need not be moved. */
  #newest: string | undefined

  /** @param size how many entries are kept */
  constructor(size: number) {
    this.#size = size
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined || key === this.#newest) return value
    // A Map keeps the order of insertion: moved to the end, it is the newest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = key
    return value
  }

  set(key: string, value: V): void {
    if (key !== this.#newest) this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = key
    if (this.#entries.size <= this.#size) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }

  delete(key: string): void {
    this.#entries.delete(key)
    if (key === this.#newest) this.#newest = undefined
  }

  get count(): number {
    return this.#entries.size
  }
}
