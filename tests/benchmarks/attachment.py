"""What a reply with an attachment of 10 MB costs on the line."""

from tests.benchmarks.stage import directory, running, seconds_of, seeded, servers
from tests.benchmarks.table import compared, show
from tests.support.proxy import Proxy

LARGE, ATTACHED = 20, 10_000_000


def main() -> None:
    with directory() as root, servers() as hosts:
        seed = seeded(root, LARGE, ATTACHED)
        user = hosts.dovecot.user()
        proxy = Proxy(hosts.dovecot.imap)
        settings = {"outgoing": hosts.outgoing(), "incoming": hosts.incoming(user, proxy.port)}
        with running(root, settings, seed.state) as daemon:
            daemon.process_replies()
            hosts.fill(user, seed.replies)
            before = proxy.down + proxy.up
            seconds = seconds_of(daemon.process_replies)
            travelled = (proxy.down + proxy.up - before) / LARGE
            assert daemon.call("status")["approvals"]["approved"] == LARGE
        proxy.close()
    size = sum(map(len, seed.replies)) / LARGE
    show(f"{LARGE} replies with 10 MB attached", "bytes", {"of the mail": [size], "on the line": [travelled]})
    compared("share of the bytes", 100 * travelled / size, "%", "< 0.1 %")
    compared("replies per second", LARGE / seconds, "/s", "(none)")
