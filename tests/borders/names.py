"""The invented world: domains with their records, keys and addresses, and a DNS server for it."""

import base64
import socket
import socketserver
import struct
import threading
from dataclasses import dataclass
from functools import cache

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support.process import free_ports

BORDER = "203.0.113.25"
GATEWAY = "203.0.113.24"
INNER = "203.0.113.26"
PARTNER = "192.0.2.10"
NODMARC = "192.0.2.20"
ATTACKER = "198.51.100.66"
NAMELESS = "198.51.100.77"
"""Another host of the attacker's, without a name in the DNS."""
COLLEAGUE = "203.0.113.99"
ADDRESSES = (BORDER, GATEWAY, INNER, PARTNER, NODMARC, ATTACKER, NAMELESS, COLLEAGUE)
SELECTOR = "s1"


@dataclass(frozen=True, slots=True)
class Key:
    private: bytes
    record: str


@cache
def key(domain: str) -> Key:
    """The domain's DKIM key, made anew in each run; `domain` only tells the keys apart."""
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(
        private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}",
    )


def records() -> dict[str, list[tuple[str, str]]]:
    """All names of the world."""
    world: dict[str, list[tuple[str, str]]] = {}

    def has(name: str, kind: str, text: str) -> None:
        world.setdefault(name, []).append((kind, text))

    for name, address in (
        ("mail.example.test", BORDER),
        ("gw.example.test", GATEWAY),
        ("inner.example.test", INNER),
        ("desk.example.test", COLLEAGUE),
        ("mx.partner.test", PARTNER),
        ("mx.nodmarc.test", NODMARC),
        ("mx.attacker.test", ATTACKER),
    ):
        has(name, "A", address)
    for address, name in (
        (BORDER, "mail.example.test"),
        (GATEWAY, "gw.example.test"),
        (INNER, "inner.example.test"),
        (COLLEAGUE, "desk.example.test"),
        (PARTNER, "mx.partner.test"),
        (NODMARC, "mx.nodmarc.test"),
        (ATTACKER, "mx.attacker.test"),
    ):
        has(".".join(reversed(address.split("."))) + ".in-addr.arpa", "PTR", f"{name}.")
    for domain, address, policy in (
        ("example.test", BORDER, "reject"),
        ("partner.test", PARTNER, "reject"),
        ("nodmarc.test", NODMARC, ""),
        ("attacker.test", ATTACKER, "none"),
    ):
        more = f" ip4:{NAMELESS}" if domain == "attacker.test" else ""
        has(domain, "MX", f"10 {'mail' if domain == 'example.test' else 'mx'}.{domain}.")
        has(domain, "TXT", f'"v=spf1 ip4:{address}{more} -all"')
        has(f"{SELECTOR}._domainkey.{domain}", "TXT", _quoted(key(domain).record))
        if policy:
            has(f"_dmarc.{domain}", "TXT", f'"v=DMARC1; p={policy}"')
    return world


def _quoted(text: str) -> str:
    """TXT strings hold at most 255 characters each (RFC 1035 3.3.14)."""
    return " ".join(f'"{text[i : i + 250]}"' for i in range(0, len(text), 250))


class NameServer:
    """Authoritative for everything: what is not in the world does not exist."""

    def __init__(self, address: str = "127.0.0.1", port: int = 53) -> None:
        world = {dns.name.from_text(name): found for name, found in records().items()}

        class Udp(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, connection = self.request
                if answer := _answer(world, data):
                    connection.sendto(answer, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while head := self.rfile.read(2):
                    answer = _answer(world, self.rfile.read(struct.unpack("!H", head)[0]))
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

        self.port = port or free_ports(1)[0]
        udp = socketserver.ThreadingUDPServer((address, self.port), Udp)
        tcp = socketserver.ThreadingTCPServer((address, self.port), Tcp)
        # Resolvers keep connections open; nobody waits for them at the end.
        tcp.daemon_threads, tcp.block_on_close = True, False
        self._servers: list[socketserver.BaseServer] = [udp, tcp]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


def _answer(world: dict[dns.name.Name, list[tuple[str, str]]], data: bytes) -> bytes:
    try:
        query = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return b""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA | dns.flags.RA
    question = query.question[0]
    found = world.get(dns.name.from_text(question.name.to_text().lower()))
    above = any(name.is_subdomain(question.name) for name in world)
    if found is None and not above:
        response.set_rcode(dns.rcode.NXDOMAIN)
    texts = [text for kind, text in found or () if kind == dns.rdatatype.to_text(question.rdtype)]
    if texts:
        response.answer.append(dns.rrset.from_text_list(question.name, 300, "IN", question.rdtype, texts))
    return response.to_wire(max_size=4096)


def reachable(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((address, port), 1):
            return True
    except OSError:
        return False
