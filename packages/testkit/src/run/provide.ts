import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { dockerWorks } from '../servers/docker.ts'
import type { Part } from '../servers/missing.ts'
import { findNginx } from '../servers/nginx.ts'
import { installTools } from '../tools.ts'
import { type CommandOptions, runCommand } from './command.ts'
import { missingParts } from './parts.ts'
import { withoutServiceStarts } from './policy.ts'

/** Debian's names. Ubuntu has a Chromium only as a snap, which servers and containers cannot run. */
const PACKAGES: Readonly<Record<Part, string>> = {
  PostgreSQL: 'postgresql',
  Redis: 'redis-server',
  NATS: 'nats-server',
  Chromium: 'chromium',
}

/** Installed with what is missing, and not asked for: tests through it are skipped where there is none. */
const WELCOME = findNginx() === undefined ? ['nginx'] : []

/**
 * Brings what the tests need and the machine lacks: the tools that npm has, packages as root on Debian and Ubuntu, a browser by Playwright's download,
 * servers in containers.
 * @returns variables for the tests
 * @throws Error that says what to install by hand
 */
export async function provideParts(options: CommandOptions): Promise<Readonly<Record<string, string>>> {
  installTools()
  const missing = missingParts()
  if (missing.length === 0) return {}
  const asRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version')
  if (asRoot) await installPackages(missing, options)
  if (missingParts().includes('Chromium')) await downloadBrowser(asRoot, options)
  const left = missingParts()
  const servers = left.filter((part) => part !== 'Chromium')
  const inContainers = servers.length > 0 && dockerWorks()
  const unmet = inContainers ? left.filter((part) => part === 'Chromium') : left
  if (unmet.length > 0) {
    const names = unmet.map((part) => `${part} (Debian package ${PACKAGES[part]})`).join(', ')
    throw new Error(`the tests need ${names}: install it, or run \`npm test -- --quick\` for the embedded parts only`)
  }
  if (!inContainers) return {}
  console.log(`in Docker containers: ${servers.join(', ')}`)
  return { GATEHOUSE_TEST_DOCKER: '1' }
}

/** One by one: a name that this release lacks must not keep the others away. */
async function installPackages(missing: readonly Part[], options: CommandOptions): Promise<void> {
  const names = [...missing.map((part) => PACKAGES[part]), ...WELCOME]
  if (!(await agreed(`install the Debian packages ${names.join(', ')} (their services are not started)`))) return
  const env = { ...options.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) => runCommand('apt-get', ['-q', ...args], { ...options, env })
  const update = await apt('update')
  if (!update.ok)
    console.log(`  apt-get update ${update.how}; going on with the lists that are there\n${update.output}`)
  for (const name of names) {
    const done = await withoutServiceStarts(() => apt('install', '-y', '--no-install-recommends', name))
    console.log(done.ok ? `  ${name} is installed` : `  ${name}: apt-get ${done.how}\n${done.output}`)
  }
}

async function downloadBrowser(withPackages: boolean, options: CommandOptions): Promise<void> {
  if (!(await agreed('download a Chromium with Playwright'))) return
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js')
  const flags = withPackages ? ['--with-deps'] : []
  const done = await runCommand(process.execPath, [cli, 'install', ...flags, 'chromium'], options)
  if (!done.ok) console.log(`  the download ${done.how}\n${done.output}`)
}

/** In a terminal a person decides; without one (CI) it is said and done. */
async function agreed(what: string): Promise<boolean> {
  if (process.env.CI !== undefined || !process.stdin.isTTY || !process.stdout.isTTY) {
    console.log(`going to ${what}`)
    return true
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Something that the tests need is not here. May I ${what}? (y/N) `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
