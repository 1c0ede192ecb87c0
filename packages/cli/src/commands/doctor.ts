import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { judge, nothingAnswers } from '../doctor/judge.ts'
import { observe } from '../doctor/observe.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printable, printableJson } from '../printable.ts'

/** `gatehouse doctor` */
export function doctorCommand(program: Command, io: Io): void {
  program
    .command('doctor')
    .description(
      'Look for what is wrong with an installation: issuer, services, parts, clocks; ends with 1 if anything is',
    )
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command, io)
      const seen = await observe({ ...context, now: io.now ?? Date.now })
      const findings = judge(seen)
      if (context.json) io.out(printableJson({ findings }))
      else {
        for (const { kind, what, whatToDo } of findings) io.out(printable(`${kind}: ${what}; ${whatToDo}`))
        if (findings.length === 0) io.out('Nothing is wrong: issuer, services, parts and clocks are as they should be.')
      }
      if (nothingAnswers(seen))
        throw new Failure('unreachable', `nothing of Gatehouse answers at ${seen.url}; see --url`)
      const faults = findings.filter(({ kind }) => kind === 'fault').length
      if (faults > 0) throw new Failure('refused', `${faults} ${faults === 1 ? 'thing is' : 'things are'} wrong`)
    })
}
