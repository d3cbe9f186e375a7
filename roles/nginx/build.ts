import type { Query } from '../../lib/index.ts'
import type { Build } from './config.ts'

/** What Debian's packages are, until they are installed. */
const DEBIAN: Build = { activeChecks: false, streamModule: 'modules/ngx_stream_module.so', user: 'www-data' }

/** What the installed nginx can. */
export async function buildOf(query: Query): Promise<Build> {
  const { stdout, rc } = await query.nothrow`nginx -V 2>&1`
  return rc === 0 ? parseBuild(stdout) : DEBIAN
}

/** What `nginx -V` prints. */
export function parseBuild(text: string): Build {
  return {
    activeChecks: /^nginx version: .*nginx-plus/m.test(text),
    streamModule: / --with-stream( |$)/m.test(text) ? undefined : 'modules/ngx_stream_module.so',
    // Debian decides in its nginx.conf, which is replaced.
    user: / --user=(\S+)/.exec(text)?.[1] ?? DEBIAN.user,
  }
}
