"""Inside a border's machine: start it, send everything through it, carry what lies in the folder out.

Run by `machine.inside` only. The last line it writes says which mails the border refused.
"""

import json
import re
import sys
from pathlib import Path

from tests.borders import machine
from tests.borders.kinds import BORDERS, authserv_id
from tests.borders.mails import Mail, mails
from tests.borders.send import send

_SUBJECT = re.compile(rb"^Subject: (\S+)", re.MULTILINE)


def main(name: str, tree: str, result: str, bare: str) -> None:
    """Bring everything up, send, and collect."""
    border = next(border for border in BORDERS if border.name == name)
    border = border.bare() if bare else border
    with machine.furnished(Path(tree)):
        started = border.start(border)
        sent = list(mails(border, started, authserv_id(border)))
        refused: dict[str, str] = {}
        accepted: list[Mail] = []
        for mail in sent:
            if answer := send(mail, started):
                refused[mail.name] = answer
            else:
                accepted.append(mail)
        left = _collected(Path(started.folder), [mail.name for mail in accepted])
        for mail in accepted:
            Path(result, f"{mail.name}.eml").write_bytes(left[mail.name])
        about = {mail.name: {"honest": mail.honest, "sender": mail.sender} for mail in sent}
        Path(result, "sent.json").write_text(json.dumps({"mails": about, "refused": refused}, indent=1))
        Path(result, "logs").write_text(machine.logs())


def _collected(folder: Path, expected: list[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    seen: set[Path] = set()

    def all_there() -> bool:
        for path in folder.glob("new/*"):
            if path not in seen:
                seen.add(path)
                data = path.read_bytes()
                if subject := _SUBJECT.search(data):
                    found[subject[1].decode()] = data
        return set(expected) <= set(found)

    try:
        machine.until(all_there, "mails in the folder")
    except RuntimeError as fault:
        missing = sorted(set(expected) - set(found))
        raise RuntimeError(f"{len(missing)} mails never came, as {missing[:5]}: {fault}") from None
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
