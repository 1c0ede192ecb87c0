import { writeFileSync } from 'node:fs'
import { profileDocument } from './document.ts'

writeFileSync(new URL('../../../docs/profiles.md', import.meta.url), profileDocument())
