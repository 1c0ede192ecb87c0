import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 100

/**
 * Makes node_modules what pnpm-lock.yaml says, for this Node and machine. Two at once: the second waits for the first.
 * @param {string} root the repository
 * @param {string} packageManager `pnpm@<version>` as package.json pins it
 */
export async function ensureInstalled(root, packageManager) {
  const stampFile = join(root, 'node_modules', '.gatehouse-installed')
  const wanted = stamp(root)
  if (read(stampFile) === wanted) return
  const unlock = await lock(root)
  try {
    if (read(stampFile) === wanted) return
    await install(root, packageManager)
    mkdirSync(join(root, 'node_modules'), { recursive: true })
    writeFileSync(stampFile, wanted)
  } finally {
    unlock()
  }
}

/** Whatever of the lock file, the Node and the machine decides which files are installed. */
function stamp(root) {
  const { platform, arch, versions } = process
  const hash = createHash('sha256').update(readFileSync(join(root, 'pnpm-lock.yaml')))
  return `${hash.digest('hex')} ${platform} ${arch} abi-${versions.modules}\n`
}

async function install(root, packageManager) {
  const [command, ...prefix] = pnpm(packageManager)
  const args = [...prefix, 'install', '--frozen-lockfile']
  process.stderr.write('installing dependencies with pnpm … ')
  const started = performance.now()
  // Without `CI` pnpm would stop to ask whether it may replace a node_modules of another layout; and its version is chosen
  // already, so that it need not find out about itself.
  const env = { ...process.env, CI: 'true', pnpm_config_pm_on_fail: 'ignore' }
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env })
  const handOn = (signal) => child.kill(signal)
  process.on('SIGINT', handOn).on('SIGTERM', handOn)
  const output = []
  child.stdout.on('data', (chunk) => output.push(chunk))
  child.stderr.on('data', (chunk) => output.push(chunk))
  const failure = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`))
  })
  process.off('SIGINT', handOn).off('SIGTERM', handOn)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stderr.write(failure === undefined ? `done in ${seconds} s\n` : `failed after ${seconds} s\n`)
  if (failure === undefined) return
  throw new Error(`${Buffer.concat(output)}\n\`${[command, ...args].join(' ')}\` ${failure}`)
}

/** The pnpm of this machine where its major version is the pinned one, else the pinned one through npm. */
function pnpm(packageManager) {
  const [, pinned] = packageManager.split('@')
  const { status, stdout } = spawnSync('pnpm', ['--version'], { encoding: 'utf8', cwd: tmpdir() })
  const major = (version) => version.trim().split('.')[0]
  if (status === 0 && major(stdout) === major(pinned)) return ['pnpm']
  return ['npm', 'exec', '--yes', `--package=${packageManager}`, '--', 'pnpm']
}

/** Holds a file with our process id; one whose process is gone is taken over. */
async function lock(root) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16)
  const file = join(tmpdir(), `gatehouse-install-${process.getuid?.() ?? 0}-${name}.lock`)
  for (let said = false; ; ) {
    try {
      writeFileSync(file, `${process.pid}`, { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = read(file)
    if (holder !== undefined && !isAlive(Number(holder))) takeAway(file, holder)
    else {
      if (!said) console.error(`waiting for process ${holder ?? 'unknown'}, which installs dependencies`)
      said = true
      await pause(POLL_MS)
    }
  }
}

/** Of several who see a dead holder one succeeds in moving its file away; if that was a new holder's by then, it is put back. */
function takeAway(file, holder) {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (read(aside) === holder) rmSync(aside)
  else renameSync(aside, file)
}

/** An empty file is one whose writer has just opened it. */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}
