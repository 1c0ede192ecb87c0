export { describeFinding, type Finding, type FindingKind } from './findings.ts'
export {
  bySegment,
  canonical,
  createDigest,
  type Digest,
  type Evidence,
  genesisOf,
  headHash,
  leafOf,
  linkOf,
  monthOf,
  type Segment,
  type SegmentKey,
  segmentsDigest,
} from './hashes.ts'
export {
  createHeadReader,
  HEAD_TYPE,
  type Head,
  type PlatformHead,
  type ReadHead,
  type SignedHead,
  type TenantHead,
} from './head.ts'
export { type ProofLine, readProofLine } from './lines.ts'
export { createVerification, type Report, type Verification } from './verify.ts'
