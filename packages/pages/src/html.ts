import { html as escaping } from 'ghtml'

/** Markup that is safe to send as it is. Only the `html` tag makes one, so a plain string can never pass for it. */
export class Html {
  readonly #markup: string
  static #make: (markup: string) => Html

  static {
    Html.#make = (markup) => new Html(markup)
  }

  private constructor(markup: string) {
    this.#markup = markup
  }

  /** The tag behind `html`. */
  static tag(literals: TemplateStringsArray, ...slots: readonly Slot[]): Html {
    let markup = literals[0] ?? ''
    slots.forEach((slot, index) => {
      markup += render(slot) + (literals[index + 1] ?? '')
    })
    return Html.#make(markup)
  }

  toString(): string {
    return this.#markup
  }
}

/** What may stand in a slot: text is escaped, markup stays, nothing (`undefined`, `false`) leaves nothing. */
export type Slot = string | number | Html | undefined | false | readonly Html[]

/** Template tag: `` html`<p>${text}</p>` ``. Every slot is escaped unless it is `Html` itself; attribute values need quotes. */
export const html = Html.tag

function render(slot: Slot): string {
  if (slot === undefined || slot === false) return ''
  if (slot instanceof Html) return slot.toString()
  if (Array.isArray(slot)) return slot.map(render).join('')
  return escaping`${String(slot)}`
}
