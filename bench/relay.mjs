// @ts-check
// Stands between a tool and the hosts and holds every byte back: node relay.mjs RTT_MS PORT=ADDRESS...
// A process of its own, so that it costs the tool nothing. (The kernels of many machines have no netem.)
import { connect, createServer } from 'node:net'

const [rtt = '0', ...routes] = process.argv.slice(2)
const delay = Number(rtt) / 2
await Promise.all(routes.map(listen))
console.log('ready')

/** @param {string} route */
function listen(route) {
  const [port, address = ''] = route.split('=')
  const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    // The handshake of TCP takes a round trip as well.
    setTimeout(() => {
      const far = connect({ host: address, port: 22, noDelay: true, allowHalfOpen: true })
      forward(near, far)
      forward(far, near)
      near.resume()
    }, 2 * delay)
  })
  return new Promise((resolve) => server.listen(Number(port), '127.0.0.1', () => resolve(undefined)))
}

/**
 * @param {import('node:net').Socket} from
 * @param {import('node:net').Socket} to
 */
function forward(from, to) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delay))
  from.on('end', () => setTimeout(() => to.end(), delay))
  from.on('error', () => to.destroy())
}
