"""Where the metrics listener listens: at what address it was told, or a failure that names it."""

import socket

import pytest

from flexmaild.core.errors import GiveUp
from flexmaild.net.listen_tcp import address_of, listen_tcp


def test_the_address_is_given_back_at_once() -> None:
    """A reload may close it, with a client hanging on, and listen at the same port again."""
    first = listen_tcp("127.0.0.1:0")
    address = address_of(first)
    with socket.create_connection(first.getsockname(), timeout=20):
        first.close()
        with listen_tcp(address) as second:
            assert address_of(second) == address


def test_ipv6_is_listened_on_where_the_machine_has_it() -> None:
    """An address in brackets is IPv6 and shown in brackets; a machine without it says so, naming it."""
    try:
        listener = listen_tcp("[::1]:0")
    except GiveUp as failure:
        assert not socket.has_ipv6 or "[::1]:0" in str(failure)
    else:
        assert address_of(listener) == f"[::1]:{listener.getsockname()[1]}"
        listener.close()


def test_a_name_is_resolved() -> None:
    with listen_tcp("localhost:0") as listener:
        assert listener.getsockname()[1]


def test_a_port_in_use_is_named_with_the_cure() -> None:
    with listen_tcp("127.0.0.1:0") as first, pytest.raises(GiveUp) as caught:
        listen_tcp(address_of(first))
    text = str(caught.value)
    assert "metrics.listen" in text and "already in use" in text and "Cure:" in text


@pytest.mark.parametrize(
    "listen", ["9642", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "::1:9642", "192.0.2.1:0"]
)
def test_an_address_that_cannot_be_is_a_named_failure(listen: str) -> None:
    with pytest.raises(GiveUp) as caught:
        listen_tcp(listen)
    assert listen in str(caught.value)
