// --report in a real browser: Debian's chromium, without a window.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunEvent } from '../../lib/engine/events.ts'
import { modelOf } from '../../lib/report/html/model.ts'
import { page as pageText } from '../../lib/report/html/page.ts'
import { sampleEvents } from '../helpers/sample-events.ts'
import { sampleRun } from '../helpers/sample-run.ts'

const CHROMIUM = '/usr/bin/chromium'
// Generous: this machine may have much else to do.
const TIMEOUT_MS = 180_000
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const ATTACK = `</script></style>"'><img src=x onerror="window.attacked=1"><script>window.attacked=2</script>`

const test = suite<{ folder: string; browser: Browser }>('the page of a run, in a browser')

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'quorate-page-'))
  context.browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: TIMEOUT_MS })
})
test.after(async ({ browser, folder }) => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('shows failures first, a row for each host, and hides hosts that are filtered out', async (context) => {
  const { page, problems } = await open(context, sampleRun(300))
  assert.is(await page.locator('h2').first().textContent(), 'What failed')
  assert.is(await page.locator('.row[data-host]').count(), 300)
  assert.match((await page.locator('.row[data-host]').first().getAttribute('class')) ?? '', 'bad')
  assert.ok((await page.locator('.track .wait').count()) > 300, 'waits are on the timeline')
  await page.fill('#filter', '-007')
  assert.is(await page.locator('.row[data-host]:visible').count(), 1)
  assert.equal(problems, [])
  await page.close()
})

for (const width of [360, 1280]) {
  for (const count of [3, 300]) {
    test(`${count} hosts fit a window of ${width} pixels`, async (context) => {
      const { page } = await open(context, sampleRun(count), { width })
      assert.ok(((await page.evaluate('document.documentElement.scrollWidth')) as number) <= width)
      const box = await page.locator('.row[data-host] .track').first().boundingBox()
      assert.ok((box?.width ?? 0) > 150, 'the bars have room')
      await page.close()
    })
  }
}

test("follows the reader's colour scheme", async (context) => {
  const backgrounds: unknown[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open(context, sampleRun(3), { colorScheme })
    backgrounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
    await page.close()
  }
  assert.equal(backgrounds, ['rgb(255, 255, 255)', 'rgb(20, 23, 27)'])
})

test('a diff opens with its change', async (context) => {
  const { page } = await open(context, sampleRun(3))
  const diff = page.locator('.diff').first()
  assert.is(await diff.isVisible(), false)
  await page.locator('details.item summary').first().click()
  assert.is(await diff.isVisible(), true)
  assert.is(await diff.locator('.added').count(), 2)
  await page.close()
})

test('what hosts and roles say is never run', async (context) => {
  const named = JSON.parse(
    JSON.stringify(sampleEvents(ATTACK)).replaceAll('"m1"', () => JSON.stringify(ATTACK)),
  )
  const events = (named as RunEvent[]).map((event, index): [RunEvent, number] => [event, index * 100])
  const { page, problems } = await open(context, events)
  assert.is(await page.evaluate('window.attacked'), undefined)
  assert.is(await page.locator('img, script').count(), 1, "there is only the page's own script")
  assert.match((await page.locator('article').first().textContent()) ?? '', 'onerror=')
  assert.equal(problems, [])
  await page.close()
})

interface Opened {
  readonly page: Page
  /** Errors of scripts, messages of the console, and requests for anything but the page. */
  readonly problems: string[]
}

async function open(
  { browser, folder }: { browser: Browser; folder: string },
  events: readonly (readonly [RunEvent, number])[],
  { width = 1280, colorScheme = 'light' as 'light' | 'dark' } = {},
): Promise<Opened> {
  const path = join(folder, 'run.html')
  writeFileSync(path, pageText(modelOf(events)))
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } })
  page.setDefaultTimeout(TIMEOUT_MS)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => problems.push(message.text()))
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(path).href) problems.push(request.url())
  })
  await page.goto(pathToFileURL(path).href, { timeout: TIMEOUT_MS })
  return { page, problems }
}

if (existsSync(CHROMIUM) || process.env.CI) test.run()
else {
  const skipped = suite(`skipped: there is no ${CHROMIUM}`)
  skipped.skip('')
  skipped.run()
}
