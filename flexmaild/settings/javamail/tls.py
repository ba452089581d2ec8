"""The TLS parameters of a property block: when it begins, versions, ciphers, trusted hosts.

An SSL socket factory never falls back to clear text here, as JavaMail does.
"""

import re
import ssl

from flexmaild.settings.javamail.block import Block
from flexmaild.settings.javamail.session import Tls

# Ports for which IANA's register settles whether TLS is implicit: a server hangs or aborts otherwise.
TLS_AT_ONCE = (465, 993)
CLEAR_AT_FIRST = (25, 143, 587)
# RFC 8996 forbids the older ones, and OpenSSL's default is not to have them.
_TLS_VERSIONS = ("TLSv1.2", "TLSv1.3")


def mode_and_port(block: Block, field_port: int, field_starttls: bool) -> tuple[Tls, int]:
    """How TLS begins, and the port."""
    port = block.number("port", field_port, 1, 65535)
    starttls = block.flag("starttls.enable", field_starttls)
    required = block.flag("starttls.required", starttls)
    if starttls and not required:
        block.note(
            "starttls.required", "is without effect: STARTTLS is demanded once it is enabled", grave=False
        )
    wanted: Tls = "starttls" if starttls or required else "none"
    factory = block.text("socketFactory.class")
    factory_port = block.number("socketFactory.port", port, 1, 65535)
    own_port = block.number("ssl.socketFactory.port", port, 1, 65535)
    if block.flag("socketFactory.fallback", False):
        block.note(
            "socketFactory.fallback", "is without effect: nothing is ever repeated without TLS", grave=False
        )
    if block.flag("ssl.enable", _secure_by_name(block)):
        _own_factory(block, "ssl.socketFactory.class")
        return "implicit", own_port if block.has("ssl.socketFactory.class") else port
    if not factory:
        return wanted, port
    if not _is_ssl_factory(block, factory):
        return wanted, factory_port
    if wanted == "starttls" and port not in TLS_AT_ONCE:
        text = "gives way to starttls.enable=true; for TLS from the start set ssl.enable=true"
        block.note("socketFactory.class", text, grave=False)
        return "starttls", port
    return "implicit", factory_port


def _secure_by_name(block: Block) -> bool:
    """Whether protocol and provider class alone mean TLS: SMTPTransport under smtps takes it away."""
    known = {"SMTPTransport": False, "IMAPStore": False, "SMTPSSLTransport": True, "IMAPSSLStore": True}
    name = block.text("class").rpartition(".")[2]
    if name and name not in known:
        block.note("class", "names a Java class, which cannot be loaded here: it is passed over", grave=False)
    return known.get(name, block.protocol.endswith("s"))


def _is_ssl_factory(block: Block, name: str) -> bool:
    if name in ("javax.net.SocketFactory", "javax.net.DefaultSocketFactory"):
        return False
    if "SSL" not in name:
        block.note(
            "socketFactory.class",
            "names a Java class, which cannot be loaded here; for TLS set ssl.enable=true",
        )
    _own_factory(block, "socketFactory.class")
    return True


def _own_factory(block: Block, name: str) -> None:
    """Warn of custom factories, which mostly serve to trust any certificate."""
    text = block.text(name)
    if text and "SSL" in text and not text.startswith(("javax.net.ssl.", "com.sun.", "sun.security.")):
        block.note(
            name, "is a class of your own: certificates are checked as usual, see ca_file", grave=False
        )


def versions(block: Block) -> tuple[str, ...]:
    given = block.words("ssl.protocols")
    if any("," in word for word in given):
        block.note("ssl.protocols", "must be separated by blanks, not commas: JavaMail fails here")
        return ()
    usable = tuple(word for word in given if word in _TLS_VERSIONS)
    for word in set(given) - set(usable):
        old = word in ("TLSv1", "TLSv1.1", "SSLv3", "SSLv2", "SSLv2Hello")
        text = f"{word} is no longer allowed (RFC 8996)" if old else "it knows no such version"
        block.note("ssl.protocols", f"must be TLSv1.2, TLSv1.3 or both: {text}", grave=not (old and usable))
    return usable


def ciphers(block: Block) -> tuple[str, ...]:
    names: list[str] = []
    for word in block.words("ssl.ciphersuites", commas=True):
        name = _openssl_name(word)
        if name is None:
            block.note("ssl.ciphersuites", "names a cipher suite that is unknown or not secure: take it out")
        elif name:
            names.append(name)
    return tuple(names)


def _openssl_name(name: str) -> str | None:
    """OpenSSL's name for an IANA (Java) or OpenSSL name; "" for suites of TLS 1.3, which are always allowed;
    None where OpenSSL here knows no such suite or its security level forbids it."""
    if re.fullmatch(r"TLS_(AES|CHACHA20)_\w+", name):
        return ""
    match = re.fullmatch(r"(?:TLS|SSL)_(\w+)_WITH_(\w+)_(SHA(?:256|384)?|CCM(?:_8)?)", name)
    wanted = _openssl_words(*match.groups()) if match else name
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.set_ciphers(wanted)
    except ssl.SSLError:
        return None
    # set_ciphers also takes group words such as ALL and NULL; only a suite's own name is one.
    return wanted if any(cipher["name"] == wanted for cipher in context.get_ciphers()) else None


def _openssl_words(exchange: str, cipher: str, digest: str) -> str:
    """TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256 (RFC 5289; openssl-ciphers(1))."""
    exchange = "" if exchange == "RSA" else exchange.replace("_", "-") + "-"
    cipher = re.sub(r"(AES|CAMELLIA)_(\d+)", r"\1\2", cipher).replace("_CBC", "").replace("_", "-")
    if cipher.startswith("CHACHA20"):
        return f"{exchange}CHACHA20-POLY1305"
    return f"{exchange}{cipher}-{digest.replace('_', '')}"


def trust(block: Block) -> tuple[str, ...]:
    hosts = block.words("ssl.trust")
    if hosts:
        whom = "any server" if "*" in hosts else "these hosts"
        block.note(
            "ssl.trust", f"takes any certificate from {whom}: name your authority in ca_file", grave=False
        )
    return hosts


def check_identity(block: Block) -> bool:
    checked = block.flag("ssl.checkserveridentity", True)
    if not checked:
        block.note("ssl.checkserveridentity", "is false: a certificate for any name is taken", grave=False)
    return checked
