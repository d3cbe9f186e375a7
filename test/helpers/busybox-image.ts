/** The name of the image that `BUSYBOX_IMAGE_SCRIPT` imports. */
export const BUSYBOX_IMAGE = 'docker.io/library/busybox:lab'

/** Makes an image of one layer of a host's busybox (package busybox-static), and imports it for ctr and for CRI. */
export const BUSYBOX_IMAGE_SCRIPT = `set -e
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p root/bin root/tmp
cp /bin/busybox root/bin/
for applet in sh cat echo sleep true id ls; do ln -s busybox root/bin/$applet; done
tar -C root -cf layer.tar .
digest=$(sha256sum <layer.tar | cut -d' ' -f1)
architecture=$(dpkg --print-architecture)
printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$architecture" "$digest" >config.json
printf '[{"Config":"config.json","RepoTags":["${BUSYBOX_IMAGE}"],"Layers":["layer.tar"]}]' >manifest.json
tar -cf image.tar manifest.json config.json layer.tar
for namespace in default k8s.io; do ctr -n $namespace images import image.tar; done
`
