import { type KeySet, readKeySet } from './key-set.ts'
import { type JwksSource, JwksUnavailable } from './source.ts'

/** Keys of an issuer in the same process. `getKeys` gives the JWK Set of public keys as it is now; it may be asked often. */
export function localJwks(getKeys: () => unknown): JwksSource {
  let known: { readonly text: string; readonly set: KeySet } | undefined
  return {
    async key(kid) {
      try {
        const value = await getKeys()
        const text = JSON.stringify(value)
        if (known?.text !== text) known = { text, set: await readKeySet(value) }
        return known.set.get(kid)
      } catch (error) {
        throw new JwksUnavailable(error)
      }
    },
  }
}
