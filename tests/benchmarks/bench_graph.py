"""Read and delete replies over the fake Graph: in batches, against one request a message.

    python -m tests.benchmarks.bench_graph [MAILS] [LATENCY_MS]

Both ways in one run on the same server, so that the ratio stands whatever the machine. Target of the issue:
1,000 replies at 50 ms with at least 5 times fewer round trips.
"""

import sys
import time
from collections.abc import Callable
from urllib.parse import quote

from flexmaild.transports.graph.inbox import GraphInbox
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import USER, api, mail


def in_batches(fake: FakeMicrosoft) -> int:
    """As the product does it: fetch and dispose by turns, 30 at a time would be a poll; here all at once."""
    door, count = GraphInbox(api(fake), "INBOX"), 0
    door.open()
    while mails := door.fetch(100, lambda _: {}):
        count += door.delete([m.uid for m in mails])
    door.close()
    return count


def one_by_one(fake: FakeMicrosoft) -> int:
    """The plain way: list, then one GET and one DELETE for each mail."""
    graph, count = api(fake), 0
    while page := graph.get_json("/mailFolders/inbox/messages?$top=100&$select=id", step="list")["value"]:
        for one in page:
            path = f"/messages/{quote(one['id'])}"
            graph.get(f"{path}/$value", step="read")
            graph.request("DELETE", path, step="delete")
            count += 1
    graph.close()
    return count


def measured(work: Callable[[FakeMicrosoft], int], mails: int, latency: float) -> tuple[float, int]:
    """Seconds and round trips."""
    with FakeMicrosoft() as fake:
        box = fake.add_user(USER)
        assert box is not None
        for number in range(mails):
            box.put(mail(number, "Approve\r\n" + "quoted line of the request\r\n" * 200))
        fake.api.latency = latency
        began = time.perf_counter()
        assert work(fake) == mails
        return time.perf_counter() - began, len(fake.api.log)


def main(mails: int = 1000, latency_ms: float = 50.0) -> float:
    """Prints both and returns the ratio of round trips."""
    plain_seconds, plain_trips = measured(one_by_one, mails, latency_ms / 1000)
    seconds, trips = measured(in_batches, mails, latency_ms / 1000)
    print(f"{mails} replies of 5.5 kB, {latency_ms:g} ms latency")
    print(f"one by one   {plain_trips:6d} round trips {plain_seconds:8.2f} s")
    print(f"in batches   {trips:6d} round trips {seconds:8.2f} s")
    print(f"ratio        {plain_trips / trips:6.1f}             {plain_seconds / seconds:8.1f}")
    return plain_trips / trips


if __name__ == "__main__":
    sys.exit(0 if main(*(int(a) for a in sys.argv[1:3])) >= 5 else 1)
