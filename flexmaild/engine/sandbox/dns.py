"""TXT records for DKIM keys and DMARC's alignment, asked for by the reading child and bounded in time."""

# Four may be asked for (`mail.authentication.own_check`) within the ten seconds a mail has in all.
SECONDS = 2.0


def txt_record(name: bytes) -> bytes | None:
    """The record's text, None when there is none or nobody answers in time. Needs the extra `dkim`."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name.decode("ascii"), "TXT", lifetime=SECONDS)
    except (dns.exception.DNSException, UnicodeDecodeError, OSError):
        return None
    return b"".join(answer[0].strings) if len(answer) else None
