import { inspect } from 'node:util'

/** A value that must not reach a log. It prints, serializes and inspects as `***`; only `reveal()` shows it. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [inspect.custom](): string {
    return '***'
  }
}
