import { Script, sh } from '../quote.ts'
import { leftovers, temporaryPrefix } from './write.ts'

/** Makes the home of a user as useradd does, but at once or not at all. */
export function homeScript(name: string, home: string): string {
  return sh`rm -rf -- ${new Script(leftovers(home))}
tmp=$(mktemp -d ${temporaryPrefix(home)}XXXXXX) || exit 1
trap 'rm -rf -- "$tmp"' EXIT; trap 'exit 1' HUP INT TERM
[ ! -d /etc/skel ] || cp -a /etc/skel/. "$tmp" || exit 1
mode=$(sed -n 's/^HOME_MODE[[:space:]]*//p' /etc/login.defs 2>/dev/null | tail -n 1)
chown -R -h ${`${name}:`} "$tmp" && chmod "\${mode:-0755}" "$tmp" && mv -T -- "$tmp" ${home} || exit 1
! command -v restorecon >/dev/null || restorecon -R ${home}`.text
}
