from io import StringIO

from pyinfra import host, inventory
from pyinfra.facts.deb import DebPackages
from pyinfra.facts.files import Directory
from pyinfra.operations import apt, files, server, systemd
from pyinfra.operations.util import any_changed

member = host.name
members = {other.name: other.data.ip for other in inventory}
PKI = "/etc/etcd/pki"


def template(name, dest, **options):
    return files.template(
        src=f"templates/{name}.j2",
        dest=dest,
        jinja_env_kwargs={"trim_blocks": True},
        member=member,
        members=members,
        **{"mode": "644", **options},
    )


# The package would start a member of its own.
is_new = "etcd-server" not in host.get_fact(DebPackages)
if is_new:
    files.put(src=StringIO("#!/bin/sh\nexit 101\n"), dest="/usr/sbin/policy-rc.d", mode="755")
apt.packages(packages=["etcd-server", "etcd-client"], no_recommends=True)
if is_new:
    files.file(path="/usr/sbin/policy-rc.d", present=False)
files.directory(path="/etc/etcd", mode="755")
for path in [PKI, "/var/lib/etcd"]:
    files.directory(path=path, user="etcd", group="etcd", mode="700")
etcd = [
    files.put(src=f"files/certificates/{source}", dest=f"{PKI}/{name}", user="etcd", group="etcd", mode=mode)
    for source, name, mode in [
        ("ca.crt", "ca.crt", "644"),
        (f"{member}.crt", "member.crt", "644"),
        (f"{member}.key", "member.key", "600"),
    ]
]
for name, mode in [("healthcheck-client.crt", "644"), ("healthcheck-client.key", "600")]:
    files.put(src=f"files/certificates/{name}", dest=f"{PKI}/{name}", mode=mode)
etcd += [
    template("etcd.env", "/etc/etcd/etcd.env", group="etcd", mode="640"),
    files.put(src="files/etcd.service", dest="/etc/systemd/system/etcd.service", mode="644"),
]
BOOTSTRAP = {"dest": "/etc/etcd/bootstrap.env", "group": "etcd", "mode": "640"}
if not host.get_fact(Directory, path="/var/lib/etcd/member"):
    template("bootstrap.env", cluster_state="new", **BOOTSTRAP)
systemd.service(service="etcd", restarted=True, daemon_reload=True, _if=any_changed(*etcd))
systemd.service(service="etcd", running=True, enabled=True)
server.shell(
    commands=f"etcdctl --cacert={PKI}/ca.crt --cert={PKI}/healthcheck-client.crt --key={PKI}/healthcheck-client.key endpoint health",
    _retries=30,
    _retry_delay=1,
)
template("bootstrap.env", cluster_state="existing", **BOOTSTRAP)

apt.packages(packages=["haproxy", "socat", "curl"], no_recommends=True)
files.directory(path="/etc/systemd/system/haproxy.service.d", mode="755")
unit = files.put(
    src="files/haproxy-unit.conf", dest="/etc/systemd/system/haproxy.service.d/quorate.conf", mode="644"
)
config = template("haproxy.cfg", "/etc/haproxy/haproxy.cfg", balancer_id=host.data.balancer_id)
systemd.service(service="haproxy", restarted=True, daemon_reload=True, _if=unit.did_change)
systemd.service(service="haproxy", reloaded=True, _if=config.did_change)
systemd.service(service="haproxy", running=True, enabled=True)
server.shell(commands="curl -fs http://127.0.0.1:8443/", _retries=10, _retry_delay=1)

apt.packages(packages=["keepalived"], no_recommends=True)
files.directory(path="/etc/systemd/system/keepalived.service.d", mode="755")
unit = files.put(
    src="files/keepalived-unit.conf", dest="/etc/systemd/system/keepalived.service.d/quorate.conf", mode="644"
)
server.user(user="keepalived_script", system=True, ensure_home=False, shell="/usr/sbin/nologin")
files.put(src="files/check-api", dest="/etc/keepalived/check-api", mode="755")
config = template("keepalived.conf", "/etc/keepalived/keepalived.conf", vip=host.data.vip)
systemd.service(service="keepalived", restarted=True, daemon_reload=True, _if=unit.did_change)
systemd.service(service="keepalived", running=True, enabled=True)
systemd.service(service="keepalived", reloaded=True, _if=config.did_change)
server.shell(commands=f"curl -fs http://{host.data.vip}:8443/", _retries=20, _retry_delay=1)
