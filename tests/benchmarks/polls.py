"""What one poll of 30 mails costs when 30 are waiting, and when 100,000 are."""

import statistics

from tests.benchmarks.stage import BenchmarkDaemon, Servers, directory, running, seeded, servers
from tests.benchmarks.table import ratio, show
from tests.support.dovecot import User

WAITING, POLL, ROUNDS = 100_000, 30, 12


def main() -> None:
    # mdbox keeps many mails in a file: 100,000 files would measure the file system.
    with directory() as root, servers("mdbox") as hosts:
        seed = seeded(root, POLL * (ROUNDS + 1))  # one more for the poll of the start
        few, many = hosts.dovecot.user(), hosts.dovecot.user()
        _append(hosts, many, seed.replies)
        _multiply(hosts, many)
        quick, slow = [], []
        with (
            running(root, _settings(hosts, few), seed.state) as small,
            running(root, _settings(hosts, many), seed.state) as large,
        ):
            large_first = _poll(large)
            small.process_replies()
            for number in range(1, ROUNDS):
                _append(hosts, few, seed.replies[number * POLL : (number + 1) * POLL])
                quick.append(_poll(small))
                slow.append(_poll(large))
        assert large_first > 0
    figures = {f"{POLL} waiting": quick, f"{WAITING} waiting": slow}
    show(f"One poll of {POLL} mails (Dovecot, mdbox)", "ms", figures, digits=1)
    ratio("cost with many waiting", [statistics.median(slow)], [statistics.median(quick)], "<= 1.2")


def _settings(hosts: Servers, user: User) -> dict[str, object]:
    incoming = hosts.incoming(user, count=POLL)
    return {"outgoing": hosts.outgoing(), "incoming": incoming}


def _poll(daemon: BenchmarkDaemon) -> float:
    """Milliseconds by the daemon's own account, with nothing else under way."""
    daemon.settled()
    answer = daemon.process_replies()
    assert answer["deleted"] == POLL, answer
    return float(answer["seconds"]) * 1000


def _append(hosts: Servers, user: User, mails: list[bytes]) -> None:
    client = hosts.dovecot.client(user)
    for mail in mails:
        client.append("INBOX", "", "", mail)
    client.logout()


def _multiply(hosts: Servers, user: User) -> None:
    """Copies of the mails behind them, twice as many each time, until enough are waiting; mdbox only refers
    to them."""
    client = hosts.dovecot.client(user)
    count = int(client.select("INBOX")[1][0] or 0)
    while count < WAITING:
        status, said = client.copy(f"1:{min(count, WAITING - count)}", "INBOX")
        assert status == "OK", said
        count = int(client.select("INBOX")[1][0] or 0)
    client.logout()
