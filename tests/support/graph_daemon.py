"""A whole daemon that sends and reads by Microsoft Graph, the fake one on loopback.

Its mailbox is `REPLIES`; `ALICE` has one too, in which the mails to her arrive.
"""

from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import yaml

from tests.support.daemon import REPLIES, Daemon, merged
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.in_process import DaemonInProcess

ALICE = "alice@corp.test"


class GraphProcess(Daemon):
    """A daemon that sends and reads by Graph as `REPLIES`."""

    def __init__(self, root: Path, fake: FakeMicrosoft, application: Mapping[str, Any]) -> None:
        self.fake, self.application = fake, application
        super().__init__(root)

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        graph = {"transport": "graph", "graph_url": self.fake.graph_url, "ca_file": self.fake.ca_file}
        microsoft = {
            "provider": "microsoft", "tenant": self.fake.tenant, "client_id": "app",
            "authority": self.fake.login.url, "ca_file": self.fake.ca_file,
        }  # fmt: skip
        user = {} if self.application.get("flow") == "client_credentials" else {"username": REPLIES}
        base = {
            "outgoing": {**graph, **user, "from_address": REPLIES, "oauth_application": "m365"},
            "incoming": {**graph, "enabled": True, "process_interval": "1h"},
            "oauth_applications": {"m365": {**microsoft, **self.application}},
            "control": {"socket": str(self.root / "control.sock")},
            "metrics": {"listen": ""},
            "state_directory": str(self.root / "state"),
            "log": {"level": "debug", "format": "json"},
        }
        self.config.write_text(yaml.safe_dump(merged(base, settings)))
        self.config.chmod(0o600)

    def mails(self, to: str = "", kind: str = "") -> list[EmailMessage]:
        raws = [m.raw for m in self.fake.post.box(to or ALICE).listing("inbox")]
        found = [cast(EmailMessage, message_from_bytes(raw, policy=policy.default)) for raw in raws]
        return [m for m in found if kind in (m["Flexmaild-Mail"] or "")]

    def raw_mails(self) -> list[bytes]:
        return [m.raw for m in self.fake.post.box(ALICE).listing("inbox")]

    def look_for_leaks(self) -> None:
        entra = self.fake.entra
        self.canary.know("a token", entra.issued)
        super().look_for_leaks()

    def deliver(self, data: bytes) -> None:
        self.fake.post.deliver(data)


class GraphDaemon(GraphProcess, DaemonInProcess):
    """The same in threads of the test's process."""
