import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ResourceError } from '../../lib/engine/converge.ts'
import type { Resource } from '../../lib/engine/resource.ts'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { pkg } from '../../lib/resources/index.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { changesOf, connectToLab } from '../helpers/lab-connection.ts'

// The real dnf and rpm, on Debian, with a repository of our own.
const SETUP = `export DEBIAN_FRONTEND=noninteractive
apt-get -q -y --no-install-recommends install dnf createrepo-c rpm || exit
mkdir -p /srv/repo /etc/yum.repos.d && cd /root
package() { # NAME VERSION SCRIPTLET
  printf 'Name: %s\\nVersion: %s\\nRelease: 1\\nSummary: x\\nLicense: MIT\\nBuildArch: noarch\\n' "$1" "$2" >$1.spec
  printf '%%%%description\\nx\\n%s\\n%%%%files\\n' "$3" >>$1.spec
  rpmbuild -bb --define '_rpmdir /srv/repo' $1.spec || exit
}
package tiny 1.0
package tiny 2.0
package other 1.0
# In Lua: a shell script would need a /bin/sh that rpm knows of.
package slow 1.0 '%post -p <lua>
os.execute("touch /root/begun; until [ -e /root/go ]; do sleep 0.1; done; sleep 2; touch /root/ended")'
createrepo_c -q /srv/repo
printf '[lab]\\nname=lab\\nbaseurl=file:///srv/repo\\nenabled=1\\ngpgcheck=0\\n' >/etc/yum.repos.d/lab.repo`

let lab: Lab
let connection: Connection

test.before(async () => {
  lab = await labUp({ name: `dnf-${process.pid}`, hosts: ['m1'] })
  const { rc, stdout, stderr } = await lab.exec('m1', SETUP)
  assert.is(rc, 0, stdout + stderr)
  connection = await connectToLab(lab, 'm1')
  Object.assign(connection, { facts: { ...connection.facts, packageManager: 'dnf' } })
})

test.after(async () => {
  await connection?.close()
  await lab?.down()
})

const apply = (...resources: Resource[]) => changesOf(connection, resources)

test('packages are installed and removed as desired, and only once', async () => {
  assert.equal(await apply(pkg(['tiny', 'other'])), ['package tiny, other: install tiny, install other'])
  assert.equal(await apply(pkg(['tiny', 'other'])), [])
  assert.equal(await apply(pkg(['tiny', 'other'], { state: 'absent' })), [
    'package tiny, other: remove tiny 2.0-1, remove other 1.0-1',
  ])
  assert.equal(await apply(pkg(['tiny', 'other'], { state: 'absent' })), [])
})

test('a version is kept exactly, be it older or newer', async () => {
  await apply(pkg('tiny'))
  assert.equal(await apply(pkg('tiny', { version: '1.0' })), ['package tiny: tiny 2.0-1 → 1.0'])
  assert.equal(await apply(pkg('tiny', { version: '1.0-1' })), [])
  assert.equal(await apply(pkg('tiny')), [])
  assert.equal(await apply(pkg('tiny', { version: '2.*' })), ['package tiny: tiny 1.0-1 → 2.*'])
})

test('the latest version is installed where there is a newer one', async () => {
  await apply(pkg('tiny', { version: '1.0' }))
  assert.equal(await apply(pkg('tiny', { state: 'latest' })), ['package tiny: tiny 1.0-1 → 2.0-1'])
  assert.equal(await apply(pkg('tiny', { state: 'latest' })), [])
})

test('a package that no source has is told by its name', async () => {
  const error = await apply(pkg(['tiny', 'nosuch'])).catch((reason: ResourceError) => reason)
  assert.match((error as ResourceError).stderr ?? '', "not in this host's package sources: nosuch")
})

test('a package waits while another dnf is at work', async () => {
  await apply(pkg('other', { state: 'absent' }))
  await lab.exec(
    'm1',
    '(dnf -y install slow >/root/slow.log 2>&1; touch /root/begun) & until [ -e /root/begun ]; do sleep 0.1; done; touch /root/go',
  )
  await apply(pkg('other'))
  assert.is((await lab.exec('m1', 'ls /root/ended')).rc, 0)
})

test.run()
