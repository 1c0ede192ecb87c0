import { postgres } from '@gatehouse/testkit'
import { databaseContract } from '../contract.ts'
import { openDatabase } from '../open.ts'

databaseContract('PostgreSQL', async (t) => openDatabase((await postgres(t)).url), { overlaps: true })
