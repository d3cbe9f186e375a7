import { type Script, sh } from '../../lib/index.ts'
import { ADMIN_CONF, BIN } from './paths.ts'

/**
 * Shell: what an apiserver answers at `path`, asked by a master's administrator. kubectl takes a tenth of a second of
 * CPU to start, curl next to none; kubectl is asked where there is no curl, and for the reason where curl gets no answer.
 *
 * @param seconds until an apiserver that is silent is given up.
 */
export function askApi(apiServer: string, path: string, seconds: number): Script {
  // The key is in no argument and in no file: descriptors hold what admin.conf does.
  return sh`{
field() { sed -n "s/^ *$1: *//p" ${ADMIN_CONF} | base64 -d; }
curl --silent --fail --noproxy '*' --max-time ${seconds} --cacert /dev/fd/3 --cert /dev/fd/4 --key /dev/fd/5 ${apiServer + path} 2>/dev/null 3<<CA 4<<CERT 5<<KEY ||
$(field certificate-authority-data)
CA
$(field client-certificate-data)
CERT
$(field client-key-data)
KEY
${BIN}/kubectl --kubeconfig ${ADMIN_CONF} --server ${apiServer} --request-timeout ${seconds}s get --raw ${path} 2>&1
}`
}
