import { auditExactlyOnce } from './audit-exactly-once.ts'
import { auditMillion } from './audit-million.ts'
import { complianceMillion } from './compliance-million.ts'
import { cutOff } from './cut-off.ts'
import { isolation } from './isolation.ts'
import { nodeDeaths } from './node-deaths.ts'
import { orgdesignMillion } from './orgdesign-million.ts'
import { partsAway } from './parts-away.ts'
import type { Proof } from './proof.ts'
import { refreshHistories } from './refresh-histories.ts'
import { rollingRestart } from './rolling-restart.ts'
import { sustainabilityMillion } from './sustainability-million.ts'
import { tokenKills } from './token-kills.ts'
import { tokensBesideSignIns } from './tokens-beside-sign-ins.ts'
import { trackerMillion } from './tracker-million.ts'

/** Every proof, in the order in which they run. */
export const PROOFS: readonly Proof[] = [
  auditExactlyOnce,
  auditMillion,
  complianceMillion,
  isolation,
  orgdesignMillion,
  refreshHistories,
  sustainabilityMillion,
  tokenKills,
  tokensBesideSignIns,
  trackerMillion,
  nodeDeaths,
  rollingRestart,
  partsAway,
  cutOff,
]
