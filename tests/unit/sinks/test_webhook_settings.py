"""What `check` finds in a webhook's settings before anything is sent."""

import base64
from typing import Any

import pytest

from flexmaild.sinks.webhook.settings import WebhookSettings

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
URL = "https://ci.example.com/hook"


def found(**given: Any) -> list[tuple[str, str, bool]]:
    made = WebhookSettings.model_validate({"url": URL, "secret": SECRET} | given)
    return [(".".join(map(str, one.path)), one.text, one.grave) for one in made.findings()]


def test_a_signed_webhook_with_https_is_right() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("given", "path", "text"),
    [
        ({"url": "ci.example.com"}, "url", "must be a URL"),
        ({"url": "ftp://ci.example.com"}, "url", "must be a URL"),
        ({"url": "https://"}, "url", "must be a URL"),
        ({"url": "https:///x"}, "url", "must be a URL"),
        ({"url": "https://{{ metadata.host }}/x"}, "url", "expression in its host"),
        ({"url": "https://a:b@ci.example.com/x"}, "url", "holds a login"),
        ({"url": "https://ci.example.com/x#y"}, "url", "fragment"),
        ({"url": "https://ci.example.com:99999/x"}, "url", "host and port"),
        ({"url": "https://[::1/x"}, "url", "host and port"),
        ({"url": "http://ci.example.com/x"}, "url", "not encrypted"),
        ({"url": "https://ci.example.com/{{ nothing }}"}, "url", "'nothing' is undefined"),
        ({"url": "https://ci.example.com/{{ title"}, "url", "fails"),
        ({"body": '{"a": {{ title }}}'}, "body", "not JSON"),
        ({"body": "{{ titel }}"}, "body", "'titel' is undefined"),
        ({"content_type": "image/png", "body": "x"}, "content_type", "is no type"),
        ({"secret": "short"}, "secret", "whsec_"),
        ({"secret": "whsec_" + base64.b64encode(bytes(8)).decode()}, "secret", "24 to 64 bytes"),
        ({"secret": None, "former_secret": SECRET}, "former_secret", "without secret"),
        ({"bearer": "t", "username": "u", "password": "p"}, "bearer", "one login"),
        ({"username": "u"}, "username", "needs a password"),
        ({"password": "p"}, "password", "needs a username"),
        ({"username": "a:b", "password": "p"}, "username", "colon"),
        ({"success": [200, 302]}, "success", "302 is no success"),
        ({"headers": {"X Y": "1"}}, "headers.X Y", "not the name"),
        ({"headers": {"webhook-id": "1"}}, "headers.webhook-id", "itself"),
        ({"headers": {"Content-Length": "1"}}, "headers.Content-Length", "itself"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_setting(given: dict[str, Any], path: str, text: str) -> None:
    faults = [(p, t) for p, t, grave in found(**given) if grave]
    assert [p for p, _ in faults] == [path] and text in faults[0][1]


@pytest.mark.parametrize("url", ["http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]/x"])
def test_this_machine_needs_no_tls(url: str) -> None:
    assert found(url=url) == []


def test_cleartext_can_be_allowed() -> None:
    assert found(url="http://ci.example.com/x", allow_cleartext=True) == []


def test_a_webhook_that_proves_nothing_is_warned_of() -> None:
    ((path, text, grave),) = found(secret=None)
    assert (path, grave) == ("", False) and "cannot tell" in text
    assert found(secret=None, bearer="t") == []
