"""Files: uploaded by POST /v1/files, and named by requests."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flexmaild.api import request_models
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.problems import Problem
from flexmaild.core.documents.service import ReceivedFile
from flexmaild.core.errors import NotAllowed, Refused
from flexmaild.core.model import Attachment
from flexmaild.core.work import Blob
from flexmaild.engine.services import Services
from flexmaild.engine.uploads import NoRoom, Unusable, Upload


class Incoming:
    """One upload; `finish` or `abandon` ends it. Raises Problem 413, 503, 507."""

    def __init__(self, services: Services, call: CommandRequest, declared: int) -> None:
        _refuse_hidden(call)
        self._most = services.components.settings.files.max
        self._refuse_too_large(declared)
        with _as_problems():
            self._upload: Upload = services.uploads.begin(call.peer.uid)

    def write(self, piece: bytes) -> None:
        self._refuse_too_large(self._upload.size + len(piece))
        with _as_problems():
            self._upload.write(piece)

    def finish(self) -> Answer:
        with _as_problems():
            digest = self._upload.finish()
        return Answer(201, ReceivedFile(sha256=digest, size=self._upload.size))

    def abandon(self) -> None:
        self._upload.abandon()

    def _refuse_too_large(self, size: int) -> None:
        if size > self._most:
            detail = f"A file may have at most {self._most} bytes (files.max)."
            raise Problem(413, "The file is too large", detail, kind="too-large", extra={"limit": self._most})


def named_files(
    services: Services, call: CommandRequest, files: Sequence[request_models.File]
) -> tuple[tuple[Blob, ...], tuple[Attachment, ...]]:
    """The bytes to be kept, and what the request remembers of them. Raises Refused with every fault, Problem
    503."""
    uid, uploads = call.peer.uid, services.uploads
    if any(file.sha256 for file in files):
        _refuse_hidden(call)
    faults: list[NotAllowed] = []
    left = request_models.MAX_FILES - sum(len(file.content or b"") for file in files)
    blobs, described = [], []
    for number, file in enumerate(files):
        data = file.content
        if data is None:
            digest = file.sha256 or ""
            with _as_problems():
                size = uploads.size(uid, digest)
                data = uploads.read(uid, digest, left)
            if size is not None and size > left:
                faults.append(NotAllowed(f"attachments.{number}.sha256", _TOO_LARGE))
                continue
            if data is None:
                faults.append(NotAllowed(f"attachments.{number}.sha256", _UNKNOWN))
                continue
            left -= len(data)
        blobs.append(Blob(hashlib.sha256(data).hexdigest(), data))
        described.append(Attachment(file.filename, file.media_type, blobs[-1].sha256, len(data)))
    if faults:
        raise Refused(faults)
    return tuple(blobs), tuple(described)


def count_as_named(services: Services, call: CommandRequest, files: Sequence[request_models.File]) -> None:
    """To be called when the request that names them was accepted."""
    services.uploads.name(call.peer.uid, [file.sha256 for file in files if file.sha256])


def _refuse_hidden(call: CommandRequest) -> None:
    """Files belong to a user, and those whom a user namespace hides are all one user to the kernel."""
    if call.viewer.caller.is_hidden:
        detail = "A user namespace hides who you are, so that no file can be yours."
        cure = "Send the file's content with the request, as base64."
        raise Problem(403, "Not permitted", detail, cure=cure, kind="not-permitted")


_UNKNOWN = "no file of yours has it: send it by POST /v1/files first, at most an hour before"
_TOO_LARGE = f"makes more than {request_models.MAX_FILES} bytes of files; a mail holds at most that (25 MiB)"


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except NoRoom as fault:
        cure = "Name what you sent in a request, or wait: it is deleted after an hour."
        raise Problem(507, "No room for the file", f"{fault}.", cure=cure, kind="no-room") from fault
    except Unusable as fault:
        cure = "Send the file again; see to the directory, which is flexmaild's own, where it is told again."
        raise Problem(503, "Files cannot be kept", f"{fault}.", cure=cure, kind="files") from fault
