import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { policyProblems } from '../../lib/check-policy.ts'
import { type PlayOptions, play } from '../../lib/playbook.ts'

for (const [options, expected] of [
  [{}, []],
  [{ serial: 1 }, []],
  [{ serial: [1, '30%', 5] }, []],
  [{ maxFailures: 0 }, []],
  [{ maxFailures: '0%' }, []],
  [{ anyErrorsFatal: true }, []],
  [{ serial: 0 }, ['serial 0']],
  [{ serial: ['half', 1.5] }, ['serial "half"', 'serial 1.5']],
  [{ serial: '3' }, ['serial "3"']],
  [{ serial: '0%', maxFailures: '101%' }, ['serial "0%"', 'maxFailures "101%"']],
  [{ maxFailures: -1 }, ['maxFailures -1']],
  [{ maxFailures: 1, anyErrorsFatal: true }, ['anyErrorsFatal and maxFailures exclude each other']],
] satisfies [PlayOptions, string[]][]) {
  test(`${JSON.stringify(options)}: ${expected.join(', ') || 'fine'}`, () => {
    const problems = policyProblems(play('x', [], [], options))
    assert.equal(
      problems.map(({ message }) => message.replace('play x: ', '')),
      expected,
    )
    for (const { place, hint } of problems) {
      assert.match(place?.file ?? '', 'check-policy.test.ts')
      assert.ok(hint)
    }
  })
}

test.run()
