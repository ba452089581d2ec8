"""A mail of which not all was fetched, set aside and released: what it lacks is not known any more."""

from typing import Any

from tests.servers.test_whole_way import Post, merged, post, start, yaml_free
from tests.support.daemon import Daemon, reply_bytes

__all__ = ["post"]  # a fixture


def _torn(mail: Any, text: str) -> bytes:
    """An answer with a large attachment whose last boundary is missing."""
    head, _, body = reply_bytes(mail, text).partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-", b"mime-"))]
    kept += [b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=xyz", b""]
    kept += [b"--xyz", b"Content-Type: text/plain; charset=utf-8", b"", body]
    kept += [b"--xyz", b"Content-Type: application/octet-stream", b"Content-Transfer-Encoding: base64", b""]
    return b"\r\n".join(kept) + b"\r\n" + (b"A" * 76 + b"\r\n") * 40_000


def test_a_released_mail_of_which_a_part_stayed_on_the_server_decides_nothing(
    daemon: Daemon, post: Post
) -> None:
    lax = post.settings("plain")
    strict = {"sender_authentication": {"require": "dmarc", "trusted_authserv_ids": ["mx.test"]}}
    start(daemon, lax)
    request = daemon.request(post.approver.address)["id"]
    _take_over(daemon, merged(lax, {"incoming": strict}))
    post.dovecot.deliver(post.own, [_torn(post.newest("approval_request"), "Approve fine")])
    assert daemon.process_replies()["outcomes"] == {"unauthenticated": 1}
    _take_over(daemon, merged(lax, {"incoming": {"sender_authentication": {"require": "reference"}}}))
    (aside,) = daemon.call("quarantine.list")["items"]
    released = daemon.call("quarantine.release", path={"id": aside["id"]})
    assert (released["outcome_now"], daemon.show(request)["state"]) == ("undecided", "pending")


def _take_over(daemon: Daemon, settings: dict[str, Any]) -> None:
    daemon.write_settings(merged(yaml_free(daemon), settings))
    daemon.call("reload")
