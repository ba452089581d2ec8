"""What Graph's error answers mean: try later or give up, the reason, and the cure. By code, never by text.

Called by `graph_api` for whole answers and by the inbox for the parts of a batch. The table is also the
source of the second half of `docs/errors-oauth.md`. Codes from Microsoft's pages "Microsoft Graph error
responses", "throttling limits" and the Outlook mail API. No I/O.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.redacted import redacted
from flexmaild.net.http import wait_seconds
from flexmaild.oauth.errors import without_secrets

# A mailbox may be throttled for long, but a reply must not wait a day: looked at again every 15 minutes.
RETRY_AFTER_CAP = 900.0
# Missing rights are cured by people; a burst of ErrorAccessDenied that is really throttling passes as well.
RIGHTS_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class GraphError:
    """One error code. Reason CLIENT means this one mail or folder: waiting changes nothing."""

    code: str
    reason: Reason
    cause: str
    cure: str = ""


_CONSENT = (
    "API permissions: Mail.Send and Mail.ReadWrite (for a shared mailbox their .Shared forms), admin consent."
)

# Code, reason and cause; below it the cure, indented, where there is one ("@consent" is the one above).
_TABLE = """
ErrorAccessDenied auth this sign-in may not do that in this mailbox
    @consent
Authorization_RequestDenied auth the application lacks a permission
    @consent
AccessDenied auth a policy keeps the application from this mailbox
    Check the application access policy: Test-ApplicationAccessPolicy, or RBAC for Applications.
ErrorSendAsDenied auth the user may not send as `from_address`
    Grant Send As on that mailbox, or set `from_address` to an address of the user.
ErrorImpersonateUserDenied auth the application may not act for this mailbox
    @consent
InvalidAuthenticationToken auth Graph does not accept the token
    Check `cloud` and `tenant`, and this machine's clock.
CompactToken auth Graph does not accept the token
    Check `cloud` and `tenant`.
MailboxNotEnabledForRESTAPI auth the mailbox is not in Exchange Online or has no licence
    Give the user an Exchange Online licence, and check the mailbox's address.
MailboxNotSupportedForRESTAPI auth the mailbox is not in Exchange Online
    Use a mailbox that was moved to Exchange Online, or IMAP and SMTP.
ErrorInvalidUser auth there is no such user in this tenant
    Check `mailbox`.
Request_ResourceNotFound auth there is no such user in this tenant
    Check `mailbox`.
ResourceNotFound auth there is no such user, or it has no mailbox
    Check `mailbox` and its licence.
ErrorNonExistentMailbox auth there is no such mailbox
    Check `mailbox`.
ErrorFolderNotFound client the folder is gone
    Check `reply_folder`.
ErrorItemNotFound client the mail or folder is gone
    Check `reply_folder`.
ErrorInvalidIdMalformed client the id of a mail or folder is malformed
ErrorCannotDeleteObject client the mail was deleted before
ApplicationThrottled throttled too many requests for this mailbox
ErrorTooManyObjectsOpened throttled too many requests for this mailbox
TooManyRequests throttled too many requests
ErrorExceededMessageLimit throttled the mailbox has sent as much as it may today
    Exchange Online's limits: 10,000 recipients a day, 30 mails a minute.
ErrorServerBusy throttled the mailbox server is busy
ErrorMailboxMoveInProgress server the mailbox is being moved
ErrorMailboxStoreUnavailable server the mailbox store is not available
ErrorInternalServerTransientError server a passing fault of the server
ErrorQuotaExceeded server the mailbox is full
    Empty Deleted Items and Sent Items, or set `permanent_delete: true`.
ErrorMessageSizeExceeded client the mail is larger than the tenant allows
    Attach less; the limit is the tenant's maximum send size (35 MB by default).
ErrorInvalidRecipients client a recipient's address is not valid
ErrorMessageSubmissionBlocked auth the mailbox is blocked from sending
    Microsoft Defender > Restricted entities: release the user.
ErrorMimeContentInvalid client Graph cannot read the mail as MIME
ErrorMimeContentInvalidBase64String client Graph cannot read the mail as base64
RequestBodyRead client Graph cannot read the request
"""


def _rows() -> Iterator[GraphError]:
    entries: list[list[str]] = []
    for line in _TABLE.splitlines():
        if line.startswith("    "):
            entries[-1].append(line.strip())
        elif line:
            entries.append([line])
    for head, *cure in entries:
        code, reason, cause = head.split(" ", 2)
        yield GraphError(code, Reason(reason), cause, " ".join(cure).replace("@consent", _CONSENT))


class Gone(GiveUp):
    """What was asked for is not there (any more)."""


ERRORS = {row.code: row for row in _rows()}
# A second deletion of an immutable id answers 403 with the second code (msgraph-sdk-dotnet#3047).
GONE = frozenset({"ErrorItemNotFound", "ErrorCannotDeleteObject"})


def code_of(body: object) -> str:
    """The error code of an answer's JSON, empty when it has none."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, capped; None without one."""
    wait = wait_seconds(next((v for k, v in headers.items() if k.casefold() == "retry-after"), ""))
    return None if wait is None else min(wait, RETRY_AFTER_CAP)


def failure(
    status: int, headers: Mapping[str, str], body: object, *, step: str, server: str, where: str
) -> Failure:
    """The failure for an answer. `where` names mailbox and request-id, for log and support."""
    code = code_of(body)
    row = ERRORS.get(code)
    reason = row.reason if row else _reason(status)
    what = f"HTTP {status} {code}".rstrip()
    text = f"{what}: {row.cause} ({where})" if row else f"{what} ({where})"
    said: dict[str, Any] = {
        "step": step,
        "server": server,
        "answer": _message(body),
        "cure": row.cure if row else "",
    }
    if reason is Reason.CLIENT:
        gone = status == 404 or code in GONE
        return (Gone if gone else GiveUp)(reason, text, **said)
    wait = retry_after(headers)
    if wait is None and reason is Reason.AUTH:
        wait = RIGHTS_PAUSE
    return TryLater(reason, text, retry_after=wait, **said)


def _reason(status: int) -> Reason:
    if status in (401, 403):
        return Reason.AUTH
    if status == 429:
        return Reason.THROTTLED
    if status >= 500 or status == 408 or status < 400:
        return Reason.SERVER
    return Reason.CLIENT


def _message(body: object) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return without_secrets(redacted(str(error.get("message", ""))))[:300] if isinstance(error, dict) else ""
