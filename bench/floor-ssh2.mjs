// @ts-check
// The floor in Node: node floor-ssh2.mjs FOLDER fresh|no-change. One connection a host, one script on it, all at once.
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2 from 'ssh2'

const [folder = '', kind = ''] = process.argv.slice(2)
const { hosts, key, knownHosts, payload } = JSON.parse(readFileSync(join(folder, 'targets.json'), 'utf8'))
const privateKey = readFileSync(key)
const script = readFileSync(join(folder, `${kind}.sh`), 'utf8')
const known = new Set(knownHosts.split(/\s/))

await Promise.all(hosts.map(run))

/** @param {{ address: string, port: number }} host */
function run({ address, port }) {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.on('error', reject)
    client.on('ready', () => {
      client.setNoDelay(true)
      const streamed = payload !== undefined && kind === 'fresh'
      client.exec(streamed ? script : 'sh', (error, channel) => {
        if (error) return reject(error)
        channel.on('close', (/** @type {number} */ code) => {
          client.end()
          if (code === 0) resolve(undefined)
          else reject(new Error(`${address}: exit code ${code}`))
        })
        channel.resume()
        channel.stderr.resume()
        if (streamed) createReadStream(payload).pipe(channel)
        else channel.end(script)
      })
    })
    client.connect({
      ...{ host: address, port, username: 'root', privateKey },
      hostVerifier: (/** @type {Buffer} */ hostKey) => known.has(hostKey.toString('base64')),
    })
  })
}
