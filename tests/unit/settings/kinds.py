"""Tables of kinds for the tests of this room, so that they do not depend on the adapters."""

from typing import ClassVar, Literal

from flexmaild.settings.load import Kinds
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.schema import SinkSettings
from flexmaild.settings.types import AbsolutePath


class Smtp(Outgoing):
    """Reaches a server."""

    property_block: ClassVar[bool] = True


class Imap(Incoming):
    """Reaches a server."""

    property_block: ClassVar[bool] = True


class Folder(Outgoing):
    """Reaches a directory, and has a setting of its own."""

    path: AbsolutePath
    """Where to."""


class Dropfile(SinkSettings):
    """A sink with a setting of its own."""

    kind: Literal["dropfile"] = "dropfile"
    path: AbsolutePath
    """Where to."""


KINDS = Kinds({"smtp": Smtp, "maildir": Folder}, {"imap": Imap}, {"dropfile": Dropfile})
