import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserType } from 'playwright-core'
import type { Scope } from './scope.ts'
import { findChromium } from './servers/find.ts'
import { missing } from './servers/missing.ts'

/** Root cannot use the sandbox; the rest keeps the browser from doing anything that a page did not ask for. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Loaded on demand: most users of this package open no browser. */
function playwright(): BrowserType {
  return (createRequire(import.meta.url)('playwright-core') as { readonly chromium: BrowserType }).chromium
}

/** @returns the path of the machine's Chromium or Chrome, else of the one that Playwright has downloaded, if any */
export function chromiumPath(): string | undefined {
  return findChromium() ?? [playwright().executablePath()].find(existsSync)
}

/** @returns the path for playwright-core's `executablePath` @throws Error that says what to install */
export function chromium(): string {
  return chromiumPath() ?? missing('Chromium')
}

/** A headless browser that is closed with the test. @throws Error when the machine has none */
export async function browser(t: Scope): Promise<Browser> {
  const launched = await playwright().launch({
    executablePath: chromium(),
    args: FLAGS,
    // Signals end this process in an orderly way, and with it the browser; see at-exit.ts.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  })
  t.teardown(() => launched.close())
  return launched
}
