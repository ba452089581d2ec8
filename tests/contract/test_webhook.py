"""The sink `webhook` against a receiver with real TLS that answers well, badly, late and never."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import trustme
from standardwebhooks import Webhook as Verifier

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.observe.logs import LOWEST
from flexmaild.sinks.webhook.settings import WebhookSettings
from flexmaild.sinks.webhook.sink import ANSWER_BYTES, Webhook
from tests.support.pki import Pki
from tests.support.receiver import ForwardProxy, Receiver, started

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
FORMER = "whsec_" + base64.b64encode(bytes(32)).decode()
KEY = "apr_1.decided"
DATA = {
    "id": "apr_1", "state": "approved", "title": "Deploy shop", "requester": "ci@corp.test",
    "requested_at": "2026-11-28T10:00:00Z", "decided_at": "2026-11-28T11:00:00Z",
    "decided_by": ["anna@corp.test"], "because": "", "quorum": "any", "metadata": {"run": "17"},
    "verdicts": [{"approver": "anna@corp.test", "comment": "läuft", "replaced": False}],
}  # fmt: skip


def event(kind: str = "decided", **data: Any) -> bytes:
    body = {"id": KEY, "type": f"flexmaild.approval.{kind}.v1", "data": DATA | data}
    return json.dumps(body, ensure_ascii=False).encode()


@pytest.fixture
def settings(receiver: Receiver, pki: Pki) -> dict[str, Any]:
    return {"url": f"{receiver.address}/hook", "ca_file": Path(pki.ca_file), "secret": SECRET}


def deliver(settings: dict[str, Any], body: bytes = event()) -> str:
    sink = Webhook(WebhookSettings.model_validate(settings))
    try:
        return sink.deliver(KEY, body)
    finally:
        sink.close()


def failure(settings: dict[str, Any], body: bytes = event()) -> Failure:
    with pytest.raises(Failure) as caught:
        deliver(settings, body)
    return caught.value


def test_the_event_arrives_as_it_is_and_another_implementation_verifies_it(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    assert deliver(settings) == "204"
    (got,) = receiver.received
    assert (got.method, got.path, got.body) == ("POST", "/hook", event())
    assert got.headers["Content-Type"] == "application/cloudevents+json"
    assert got.headers["webhook-id"] == KEY
    Verifier(SECRET).verify(got.body, dict(got.headers))


def test_while_a_secret_is_replaced_either_of_the_two_verifies(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    deliver(settings | {"former_secret": FORMER})
    (got,) = receiver.received
    for key in (SECRET, FORMER):
        Verifier(key).verify(got.body, dict(got.headers))


def test_a_secret_file_is_read_for_each_request(
    settings: dict[str, Any], receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text(SECRET)
    sink = Webhook(WebhookSettings.model_validate(settings | {"secret": {"file": str(file)}}))
    sink.deliver(KEY, event())
    file.write_text(FORMER)
    sink.deliver(KEY, event())
    for got, key in zip(receiver.received, (SECRET, FORMER), strict=True):
        Verifier(key).verify(got.body, dict(got.headers))
    file.write_text("not a key")
    with pytest.raises(TryLater) as caught:
        sink.deliver(KEY, event())
    assert caught.value.reason is Reason.AUTH and "whsec_" in caught.value.cure
    assert len(receiver.received) == 2


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_each_2xx_is_success(settings: dict[str, Any], receiver: Receiver, status: int) -> None:
    receiver.answers.append(status)
    assert deliver(settings) == str(status)


def test_where_the_settings_name_the_statuses_of_success_no_other_is_one(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers += [200, (203, {}, b"<html>Sign in")]
    assert deliver(settings | {"success": [200]}) == "200"
    error = failure(settings | {"success": [200]})
    assert isinstance(error, TryLater) and "203" in error.text and "success" in error.cure


@pytest.mark.parametrize(
    "status", [301, 302, 303, 307, 308, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504]
)
def test_what_may_pass_is_tried_later(settings: dict[str, Any], receiver: Receiver, status: int) -> None:
    receiver.answers.append((status, {"Location": f"{receiver.address}/elsewhere"}, b"not now"))
    error = failure(settings)
    assert isinstance(error, TryLater) and str(status) in error.text and not error.uncertain
    assert len(receiver.received) == 1  # no redirect is followed


@pytest.mark.parametrize("status", [400, 405, 409, 413, 415, 422, 501])
def test_what_would_be_refused_again_is_given_up(
    settings: dict[str, Any], receiver: Receiver, status: int
) -> None:
    receiver.answers.append((status, {}, b"no such run"))
    error = failure(settings)
    assert isinstance(error, GiveUp) and error.answer == "no such run" and "delivery retry" in error.cure


def test_an_informational_status_alone_is_no_success(settings: dict[str, Any], receiver: Receiver) -> None:
    def only_processing(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\n")

    receiver.answers.append(only_processing)
    assert isinstance(failure(settings), TryLater)


def test_retry_after_is_obeyed(settings: dict[str, Any], receiver: Receiver) -> None:
    receiver.answers.append((429, {"Retry-After": "120"}, b""))
    error = failure(settings)
    assert isinstance(error, TryLater)
    assert (error.reason, error.retry_after) == (Reason.THROTTLED, 120.0)


def test_after_410_nothing_is_sent_until_an_operator_says_so(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers.append(410)
    sink = Webhook(WebhookSettings.model_validate(settings))
    for _ in range(3):
        with pytest.raises(TryLater, match="410") as caught:
            sink.deliver(KEY, event())
        assert caught.value.step == "gone"
    assert len(receiver.received) == 1
    sink.retry_now()
    assert sink.deliver(KEY, event()) == "204"


def test_a_receiver_that_never_answers_costs_its_time_and_may_have_taken_it(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers.append(lambda handler, over: over.wait())
    error = failure(settings | {"timeout": "1s"})
    assert isinstance(error, TryLater) and error.reason is Reason.TIMEOUT and error.uncertain


def test_a_header_that_drips_for_ever_ends_with_the_time_out(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        try:
            while not over.wait(0.05):
                handler.wfile.write(b"x")
        except OSError:
            ended.set()

    receiver.answers.append(drip)
    error = failure(settings | {"timeout": "1s"})
    assert isinstance(error, TryLater) and error.reason is Reason.TIMEOUT
    assert ended.wait(10)


def test_a_plain_connection_is_bounded_alike(plain_receiver: Receiver) -> None:
    def drip(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.05):
            handler.wfile.write(b"x")

    plain_receiver.answers.append(drip)
    error = failure({"url": plain_receiver.address, "timeout": "1s"})
    assert isinstance(error, TryLater) and error.reason is Reason.TIMEOUT


def test_a_connection_cut_before_the_status_is_tried_again(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answers.append(lambda handler, over: handler.wfile.write(b"HTTP/1.1 2"))
    error = failure(settings)
    assert isinstance(error, TryLater) and error.uncertain


def test_a_2xx_counts_however_its_body_ends(settings: dict[str, Any], receiver: Receiver) -> None:
    def cut(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nshort")

    receiver.answers.append(cut)
    assert deliver(settings) == "202"


def test_of_an_endless_answer_a_bounded_part_is_read(settings: dict[str, Any], receiver: Receiver) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 500 Oops\r\n\r\n")
        try:
            while not over.is_set():
                handler.wfile.write(b"x" * 65536)
                sent.append(65536)
        except OSError:
            pass

    receiver.answers.append(endless)
    error = failure(settings)
    assert isinstance(error, TryLater) and len(error.answer) <= 500
    assert sum(sent) < ANSWER_BYTES * 200


def test_what_a_receiver_echoes_is_not_told(settings: dict[str, Any], receiver: Receiver) -> None:
    receiver.answers.append((403, {}, b"bearer t0ken-of-the-ci is wrong"))
    error = failure(settings | {"bearer": "t0ken-of-the-ci"})
    assert "t0ken-of-the-ci" not in str(error)
    assert receiver.received[0].headers["Authorization"] == "Bearer t0ken-of-the-ci"


def test_basic_authentication_and_further_fields(settings: dict[str, Any], receiver: Receiver) -> None:
    login = {"username": "jörg", "password": "pä:ss", "headers": {"X-Token": "abc"}, "method": "PUT"}
    deliver(settings | login)
    (got,) = receiver.received
    assert base64.b64decode(got.headers["Authorization"].split()[1]).decode() == "jörg:pä:ss"
    assert (got.headers["X-Token"], got.method) == ("abc", "PUT")


def test_a_secret_with_a_line_end_adds_no_field(
    settings: dict[str, Any], receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text("abc\r\nX-Injected: 1")
    for field in ({"bearer": {"file": str(file)}}, {"headers": {"X-Token": {"file": str(file)}}}):
        error = failure(settings | field)
        assert error.reason is Reason.AUTH
    assert receiver.received == []


def test_a_certificate_of_nobody_we_know_is_refused(settings: dict[str, Any], pki: Pki) -> None:
    for server in ("wrong_name", "expired", "unknown_ca"):
        other, httpd = started(pki.context(server))
        error = failure(settings | {"url": other.address})
        httpd.shutdown()
        httpd.server_close()
        assert error.reason is Reason.TLS and other.received == []


def test_the_client_certificate_is_shown_and_may_be_renewed(
    settings: dict[str, Any], pki: Pki, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = pki.context()
    context.verify_mode = 2  # ssl.CERT_REQUIRED
    authority.configure_trust(context)
    receiver, httpd = started(context)
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    key.touch(0o600)

    def issue(name: str) -> None:
        issued = authority.issue_cert(name)
        key.write_bytes(issued.private_key_pem.bytes())
        chain.write_bytes(issued.cert_chain_pems[0].bytes())

    issue("first.test")
    shown = {"private_key": {"file": str(key)}, "certificate": str(chain)}
    sink = Webhook(WebhookSettings.model_validate(settings | {"url": receiver.address, "certificate": shown}))
    sink.deliver(KEY, event())
    issue("second.test")
    sink.deliver(KEY, event())
    sink.close()
    httpd.shutdown()
    httpd.server_close()
    names = [got.certificate["subjectAltName"][0][1] for got in receiver.received if got.certificate]
    assert names == ["first.test", "second.test"]


def test_an_expression_fills_path_query_and_body(settings: dict[str, Any], receiver: Receiver) -> None:
    foreign = {
        "url": settings["url"]
        + '/{{ metadata.run }}/{{ "proceed" if approved else "abort" }}?by={{ decided_by[0] }}',
        "body": '{"comment": "{{ comment }}", "approved": {{ approved }}}',
    }
    deliver(settings | foreign)
    (got,) = receiver.received
    assert got.path == "/hook/17/proceed?by=anna%40corp.test"
    assert json.loads(got.body) == {"comment": "läuft", "approved": True}
    assert got.headers["Content-Type"] == "application/json"
    Verifier(SECRET).verify(got.body, dict(got.headers))


def test_an_unreachable_approver_proceeds_nothing(settings: dict[str, Any], receiver: Receiver) -> None:
    assert "not sent" in deliver(settings | {"body": "{}"}, event("unreachable"))
    assert receiver.received == []
    deliver(settings, event("unreachable"))
    assert len(receiver.received) == 1


def test_the_proxy_of_the_settings_is_used_and_that_of_the_environment_is_not(
    settings: dict[str, Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, forward_proxy: ForwardProxy
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    deliver(settings)
    deliver(settings | {"proxy": forward_proxy.address})
    assert len(receiver.received) == 2 and forward_proxy.asked == [receiver.address.partition("//")[2]]


def test_a_proxy_that_drips_ends_with_the_time_out(settings: dict[str, Any], receiver: Receiver) -> None:
    with_drip, httpd = started()
    httpd.RequestHandlerClass.do_CONNECT = _drip_for_ever  # type: ignore[attr-defined]
    error = failure(
        settings | {"proxy": with_drip.address.replace("localhost", "127.0.0.1"), "timeout": "1s"}
    )
    with_drip.over.set()
    httpd.shutdown()
    httpd.server_close()
    assert isinstance(error, TryLater) and receiver.received == []


def _drip_for_ever(handler: BaseHTTPRequestHandler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        pass


def test_the_body_of_a_redirect_is_bounded_and_its_target_not_looked_at(
    settings: dict[str, Any], receiver: Receiver
) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n")
        try:
            while not over.is_set():
                handler.wfile.write(b"x" * 65536)
                sent.append(65536)
        except OSError:
            pass

    receiver.answers += [endless, (302, {"Location": "http://["}, b"")]
    for _ in range(2):
        assert "redirects are not followed" in failure(settings | {"timeout": "5s"}).text
    assert sum(sent) < ANSWER_BYTES * 200


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"headers": {"X-Token": "€"}}, "HTTP cannot carry"),
        ({"bearer": "€"}, "HTTP cannot carry"),
        ({"body": "{}", "content_type": "application/json; x=€"}, "HTTP cannot carry"),
        ({"url": "https://a..b.invalid/"}, "no valid"),
        ({"proxy": "http://a..b:3128"}, "no valid"),
    ],
)
def test_what_cannot_be_sent_is_a_failure_of_the_delivery(
    settings: dict[str, Any], given: dict[str, Any], text: str
) -> None:
    assert text in failure(settings | given).text


def test_a_malformed_head_writes_nothing_of_the_url_or_the_answer_to_the_log(
    settings: dict[str, Any], receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    def malformed(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nechoed answer\r\nContent-Length: 0\r\n\r\n")

    receiver.answers.append(malformed)
    for library, level in LOWEST.items():
        caplog.set_level(level, library)
    assert deliver(settings | {"url": f"{receiver.address}/T0KEN"}) == "200"
    assert "T0KEN" not in caplog.text and "echoed" not in caplog.text


def test_no_title_leaves_an_attribute_of_xml(settings: dict[str, Any], receiver: Receiver) -> None:
    template = {"body": "<a b='{{ title }}'/>", "content_type": "application/xml"}
    deliver(settings | template, event(title="x' c='<&\""))
    assert ElementTree.fromstring(receiver.bodies[0]).attrib == {"b": "x' c='<&\""}


@pytest.mark.parametrize(
    "url",
    ["https://.a.test/", "https://a..b.test/", "https://a b.test/", "https://[::1]x/", "https://a%62.test"],
)
def test_a_host_that_no_connection_can_name_is_found_by_the_check(url: str) -> None:
    found = WebhookSettings.model_validate({"url": url, "secret": SECRET}).findings()
    assert [one.text for one in found] == ["has no valid host and port"]


@pytest.mark.parametrize("path", ["{{ title }}/17/input", "job/{{ title }}/17", "job/{{ title }}"])
def test_an_empty_value_leads_to_no_other_path(
    settings: dict[str, Any], receiver: Receiver, path: str
) -> None:
    error = failure(settings | {"url": f"{receiver.address}/{path}?q={{{{ title }}}}"}, event(title=""))
    assert isinstance(error, GiveUp) and "empty" in error.text and not receiver.received
