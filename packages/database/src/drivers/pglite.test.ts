import { databaseContract } from '../contract.ts'
import { openDatabase } from '../open.ts'

databaseContract('PGlite', () => openDatabase('pglite:'), {
  overlaps: 'PGlite has one connection and runs transactions one after the other',
})
