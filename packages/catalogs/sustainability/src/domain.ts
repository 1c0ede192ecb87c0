import { type Catalog, type Directory, noDirectory, openRows, type Rows } from '@gatehouse/catalog'

/** What the tools get beside the call: rows of the tenant, and its people, who are auth's. */
export interface Sustainability extends Rows {
  readonly directory: Directory
}

export const open: Catalog<Sustainability>['open'] = ({ db, directory = noDirectory }) => {
  const rowsOf = openRows({ db })
  return (principal) => ({ ...rowsOf(principal), directory: directory(principal) })
}
