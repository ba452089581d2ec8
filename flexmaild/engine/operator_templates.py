"""The operator's mail templates, read from their directory and checked before they are used."""

from pathlib import Path

from flexmaild.mail.compose.render import TemplateFault
from flexmaild.mail.compose.template_checks import check_templates
from flexmaild.settings.faults import Fault, SettingsError
from flexmaild.system.files import read_at_most

# A template is a page of text; what is larger is something else.
LARGEST = 256 * 1024
SUFFIXES = (".txt.j2", ".html.j2", ".css")


def operator_templates(directory: Path) -> dict[str, str]:
    """Name → text of every template file; none where the directory does not exist.

    Raises SettingsError with every fault, so that a broken template is found when it is loaded.
    """
    sources: dict[str, str] = {}
    faults: list[Fault] = []
    for file in _listed(directory, faults):
        if file.name.endswith(SUFFIXES):
            _read(file, sources, faults)
    faults += [_fault(directory, fault) for fault in check_templates(sources)]
    if faults:
        raise SettingsError(tuple(faults))
    return sources


def _listed(directory: Path, faults: list[Fault]) -> list[Path]:
    """The files in the directory; none where it does not exist."""
    try:
        return sorted(directory.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        text = f"cannot be read: {error.strerror or error}"
        faults.append(Fault(str(directory), 1, 1, "notifications.templates", text))
        return []


def _read(file: Path, sources: dict[str, str], faults: list[Fault]) -> None:
    try:
        _, data = read_at_most(file, LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError("is larger than 256 KiB, which no template is")
        sources[file.name] = data.decode()
    except UnicodeDecodeError:
        faults.append(
            Fault(str(file), 1, 1, "notifications.templates", "is not UTF-8 text: save it as UTF-8")
        )
    except (OSError, ValueError) as error:
        faults.append(Fault(str(file), 1, 1, "notifications.templates", f"cannot be used: {error}"))


def _fault(directory: Path, found: TemplateFault) -> Fault:
    text = f"{found.text}. {found.cure}"
    return Fault(str(directory / found.file), max(found.line, 1), 1, "notifications.templates", text)
