import type { Surroundings } from '../cluster/process.ts'
import type { Row } from './rounds.ts'

/** A figure that is no ratio to a bare handler; `goal` is what it has to stay under, `atLeast` what it has to reach. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly goal?: number
  readonly atLeast?: number
}

export interface BenchContext {
  /** An empty folder that other users can enter; removed afterwards. */
  readonly folder: string
  readonly surroundings: Surroundings
  readonly rounds: number
  /** Of one round. */
  readonly seconds: number
  readonly connections: number
}

export interface Measurements {
  readonly rows?: readonly Row[]
  readonly figures?: readonly Figure[]
}

/** A part of the table that can be run alone. */
export interface Section {
  readonly name: string
  /** What is measured, in a few words. */
  readonly about: string
  measure(context: BenchContext): Promise<Measurements>
}
