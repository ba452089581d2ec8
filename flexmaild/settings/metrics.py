"""Where metrics and health checks are asked for."""

import re
from collections.abc import Iterator

from flexmaild.settings.faults import Finding
from flexmaild.settings.section import Section
from flexmaild.settings.types import Line, is_host


class Metrics(Section):
    """Prometheus metrics and health checks over HTTP."""

    listen: Line = "127.0.0.1:9642"
    """Address and port for /metrics, /-/healthy and /-/ready. "" turns them off."""

    def findings(self) -> Iterator[Finding]:
        if not self.listen:
            return
        match = re.fullmatch(r"([^\[\]:]+|\[[^\[\]]+:[^\[\]]*\]):([0-9]{1,5})", self.listen)
        if not match or not is_host(match[1].strip("[]")) or int(match[2]) > 65535:
            yield Finding(
                ("listen",), 'must be an address and a port like 127.0.0.1:9642 or [::1]:9642, or ""'
            )
        elif not self.listen.startswith(("127.", "localhost:", "[::1]:")):
            yield Finding(
                ("listen",), "can be reached from other machines, and asks for no password", grave=False
            )
