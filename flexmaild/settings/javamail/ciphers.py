"""Java's names of cipher suites as OpenSSL's. Used by `javamail` for ssl.ciphersuites."""

import re
import ssl


def openssl_name(name: str) -> str | None:
    """OpenSSL's name for an IANA (Java) or OpenSSL name; "" for suites of TLS 1.3, which are always allowed;
    None where OpenSSL here knows no such suite or its security level forbids it."""
    if re.fullmatch(r"TLS_(AES|CHACHA20)_\w+", name):
        return ""
    match = re.fullmatch(r"(?:TLS|SSL)_(\w+)_WITH_(\w+)_(SHA(?:256|384)?|CCM(?:_8)?)", name)
    wanted = _translated(*match.groups()) if match else name
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.set_ciphers(wanted)
    except ssl.SSLError:
        return None
    # set_ciphers also takes group words such as ALL and NULL; only a suite's own name is one.
    return wanted if any(cipher["name"] == wanted for cipher in context.get_ciphers()) else None


def _translated(exchange: str, cipher: str, digest: str) -> str:
    """TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is ECDHE-RSA-AES128-GCM-SHA256 (RFC 5289; openssl-ciphers(1))."""
    exchange = "" if exchange == "RSA" else exchange.replace("_", "-") + "-"
    cipher = re.sub(r"(AES|CAMELLIA)_(\d+)", r"\1\2", cipher).replace("_CBC", "").replace("_", "-")
    if cipher.startswith("CHACHA20"):
        return f"{exchange}CHACHA20-POLY1305"
    return f"{exchange}{cipher}-{digest.replace('_', '')}"
