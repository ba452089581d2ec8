"""One TCP connection whose every step is bounded in silence, in total time and in bytes.

A socket's own timeout bounds one read only, so a server that sends a byte a second holds a command for
ever. `DeadlineSocket.begin` sets the limits of the next step; every send and receive counts against them.
smtplib and imaplib read through its file interface, so one mechanism serves both protocols. It raises
`core.errors` only, never an OSError, so that neither library can swallow the reason; it never retries.
"""

from __future__ import annotations

import io
import socket
import ssl
import zlib

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.system.deadline import Deadline

# Bytes asked of the kernel at once; a batch of 30 replies fits.
_BUFFER = 1 << 17
# Bytes handed to the kernel at once, so that the write timeout bounds a block and not a whole mail.
_BLOCK = 1 << 16


class CertificateRefused(GiveUp):
    """The server's certificate was not accepted; `code` is OpenSSL's X509_V_ERR number."""

    code: int = 0


class DeadlineSocket(io.RawIOBase):
    """A connected socket. `reader` is its buffered input; the methods below send.

    server: "host:port", for messages.
    """

    def __init__(self, sock: socket.socket, server: str) -> None:
        self.server = server
        self.tls: ssl.SSLSocket | None = None
        self._sock = sock
        self.step = "connect"
        self._silence = 30.0
        self._deadline = Deadline.after(30.0)
        self._bytes_left = 1 << 20
        self._sealed = False
        self._inflate: zlib._Decompress | None = None
        self._deflate: zlib._Compress | None = None
        self.received = 0
        self.reader: io.BufferedReader[DeadlineSocket] = io.BufferedReader(self, _BUFFER)

    def begin(self, step: str, *, silence: float, total: float, most: int = 1 << 20) -> None:
        """Limit the next step: seconds without a byte, seconds in all, bytes received."""
        self.step = step
        self._silence = silence
        self._deadline = Deadline.after(total)
        self._bytes_left = most

    @property
    def tls_version(self) -> str:
        """The version as OpenSSL names it ("TLSv1.3"), empty without TLS."""
        return (self.tls.version() or "") if self.tls else ""

    @property
    def local_host(self) -> str:
        """The local address as a literal for EHLO (RFC 5321 section 4.1.3)."""
        address = str(self._sock.getsockname()[0])
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    # Receiving.

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        if self._sealed:
            return None
        if self._bytes_left <= 0:
            raise self.too_much()
        count = self._inflated_into(buffer) if self._inflate else self._receive_into(buffer)
        self._bytes_left -= count
        return count

    def read_exactly(self, size: int) -> bytes:
        """The bytes of a literal; a size beyond the limit of this step is refused before it is read."""
        if size > self._bytes_left + _BUFFER:
            raise self.too_much()
        data: bytes = self.reader.read(size) or b""
        return data

    def read_line(self, longest: int = 1 << 20) -> bytes:
        """A line with its end; empty at the end of the stream."""
        line = self.reader.readline(longest)
        if len(line) >= longest:
            raise self.too_much()
        return line

    def too_much(self) -> Failure:
        return self._later(Reason.SERVER, "the server sends more than this step can need")

    def _receive_into(self, buffer: memoryview) -> int:
        self._arm()
        try:
            count = self._sock.recv_into(buffer)
        except (OSError, ValueError) as error:
            raise self._translated(error) from error
        self.received += count
        return count

    def _inflated_into(self, buffer: memoryview) -> int:
        assert self._inflate is not None
        packed = bytearray(_BLOCK)
        while True:
            data = self._inflate.decompress(self._inflate.unconsumed_tail, len(buffer))
            if not data:
                count = self._receive_into(memoryview(packed))
                if count == 0:
                    return 0
                try:
                    data = self._inflate.decompress(packed[:count], len(buffer))
                except zlib.error as error:
                    raise self._later(Reason.SERVER, "the compressed stream is broken") from error
            if data:
                buffer[: len(data)] = data
                return len(data)

    # Sending.

    def sendall(self, data: bytes) -> None:
        """Send all of it; each block of 64 KiB within the silence, the whole within the total."""
        if self._deflate:
            data = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        view = memoryview(data)
        while view:
            self._arm()
            try:
                sent = self._sock.send(view[:_BLOCK])
            except (OSError, ValueError) as error:
                raise self._translated(error) from error
            view = view[sent:]

    def makefile(self, *_: object) -> io.BufferedReader[DeadlineSocket]:
        """The buffered input, under the name that smtplib uses."""
        return self.reader

    # TLS and compression.

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """The handshake, within the current step. Plain text that is left over from before it is an injection
        and is refused (CVE-2011-0411)."""
        self._refuse_leftover()
        self._arm()
        try:
            self.tls = context.wrap_socket(self._sock, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            refused = CertificateRefused(Reason.TLS, error.verify_message, step="tls", server=self.server)
            refused.code = error.verify_code
            raise refused from error
        except (OSError, ValueError) as error:
            raise self._tls_failure(error) from error
        self._sock = self.tls

    def start_compression(self) -> None:
        """DEFLATE in both directions (RFC 4978: raw, without zlib header)."""
        self._refuse_leftover()
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    def close(self) -> None:
        """Close at once; never raises."""
        try:
            self._sock.close()
        except OSError:
            return

    def shutdown(self, _how: int = socket.SHUT_RDWR) -> None:
        self.close()

    def _refuse_leftover(self) -> None:
        self._sealed = True
        try:
            left = self.reader.peek(1)
        finally:
            self._sealed = False
        if left:
            raise self._later(
                Reason.TLS,
                "the server sent further text before the encryption began",
                cure="Something between here and the server may be injecting answers; use the port with "
                "implicit TLS.",
            )

    def _arm(self) -> None:
        try:
            self._deadline.arm(self._sock, self._silence)
        except TimeoutError as error:
            raise self._later(Reason.TIMEOUT, str(error)) from None
        except OSError as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> Failure:
        if isinstance(error, TimeoutError):
            return self._later(Reason.TIMEOUT, f"no answer within {self._silence:g} s")
        if isinstance(error, ssl.SSLError):
            return self._later(Reason.TLS, f"TLS failed: {_openssl_words(error)}")
        return self._later(Reason.NETWORK, f"connection lost: {_os_words(error)}")

    def _tls_failure(self, error: Exception) -> Failure:
        if isinstance(error, TimeoutError):
            return self._later(Reason.TIMEOUT, f"no TLS handshake within {self._silence:g} s")
        words = _openssl_words(error) if isinstance(error, ssl.SSLError) else _os_words(error)
        return TryLater(
            Reason.TLS,
            f"the TLS handshake failed: {words}",
            step="tls",
            server=self.server,
            cure="Check that the port expects TLS at once (465, 993) or STARTTLS (587, 143), and "
            "which TLS versions and ciphers the server allows.",
        )

    def _later(self, reason: Reason, text: str, cure: str = "") -> TryLater:
        return TryLater(reason, text, step=self.step, server=self.server, cure=cure)


def _openssl_words(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def _os_words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
