"""What the metrics and the health endpoint tell of what happened."""

import urllib.error
import urllib.request

from tests.support.daemon import Daemon, until

ALICE = "alice@corp.test"


def test_metrics_and_health_tell_what_happened(daemon: Daemon) -> None:
    daemon.write_settings({"metrics": {"listen": "127.0.0.1:0"}, "log": {"level": "info"}})
    daemon.start()
    address = until(lambda: _logged(daemon, '"listen": "'), "the metrics address").split('"')[0]
    daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    text = until(lambda: _metric(address, "flexmaild_messages_deleted_total 1.0"), "the deletion")
    for line in (
        'flexmaild_messages_received_total{outcome="decision"} 1.0',
        'flexmaild_messages_received_total{outcome="unparsable"} 0.0',
        'flexmaild_decisions_total{decision="approved"} 1.0',
        'flexmaild_polls_total{transport="maildir"}',
        "flexmaild_config_last_reload_successful 1.0",
        "flexmaild_poll_interval_seconds 3600.0",
    ):
        assert line in text
    assert ALICE not in text
    for path in ("/-/healthy", "/-/ready"):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            assert answer.status == 200


def test_a_mailbox_that_cannot_be_read_is_not_ready_and_says_why(daemon: Daemon) -> None:
    daemon.write_settings({"metrics": {"listen": "127.0.0.1:0"}, "log": {"level": "info"}})
    daemon.start()
    address = until(lambda: _logged(daemon, '"listen": "'), "the metrics address").split('"')[0]
    for sub in ("new", "cur", "tmp"):
        (daemon.replies / sub).rmdir()
    daemon.replies.rmdir()
    daemon.replies.write_text("a file, not a folder")
    daemon.advance(4 * 3600)
    reason = until(lambda: _not_ready(address), "503")
    assert "replies have not been read" in reason
    assert not daemon.call("status")["healthy"]


def _logged(daemon: Daemon, word: str) -> str:
    _, found, rest = daemon.log.read_text().partition(word)
    return rest if found else ""


def _metric(address: str, wanted: str) -> str:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text if wanted in text else ""


def _not_ready(address: str) -> str:
    try:
        urllib.request.urlopen(f"http://{address}/-/ready", timeout=10).close()
    except urllib.error.HTTPError as refusal:
        return refusal.read().decode()
    return ""
