"""The fake Microsoft Graph: folders, messages, MIME, sending, upload sessions, batches, throttling.

Written from Microsoft's pages on the Outlook mail API, JSON batching and throttling. It checks tokens and
permissions as Graph does, and is strict where Graph is known to be: a fifth parallel request to a mailbox is
throttled, an upload with a token is refused, a batch may depend only in a row.
"""

import base64
import binascii
import contextlib
import email.policy
import json
import re
import secrets
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import jwt

from .entra import GRAPH_RESOURCE
from .mailboxes import HIDDEN, Mailbox, Message, PostOffice
from .web import Answer, Request

CONCURRENCY = 4
REQUEST_BYTES = 4 * 1024 * 1024
_RANGE_UNIT = 320 * 1024


class GraphError(Exception):
    def __init__(self, status: int, code: str, message: str = "", **headers: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.message = message or f"The request failed with {code}."
        self.headers = {k.replace("_", "-"): v for k, v in headers.items()}

    def answer(self) -> Answer:
        number = str(uuid.uuid4())
        error = {
            "code": self.code,
            "message": self.message,
            "innerError": {"request-id": number, "date": "2026-01-01T00:00:00"},
        }
        return Answer(self.status, {"error": error}, {"request-id": number, **self.headers})


@dataclass
class Caller:
    app_only: bool
    user: str
    permissions: set[str]


@dataclass
class Upload:
    message: Message
    item: dict[str, Any]
    data: bytearray = field(default_factory=bytearray)


class Graph:
    """send_as: (user, from address) pairs that are allowed beside a user's own address."""

    def __init__(self, key: bytes, post: PostOffice) -> None:
        self.key, self.post = key, post
        self.url = self.upload_url = ""
        self.cloud = GRAPH_RESOURCE
        self.permanent_delete = True
        self.page_limit = 1000
        self.size_limit = 35 * 1024 * 1024
        self.loop_pages = False
        self.blocked_apps: set[str] = set()
        self.shared: set[tuple[str, str]] = set()
        self.uploads: dict[str, Upload] = {}
        self.parts = 0
        self.before_part: Callable[[Request], Answer | None] = lambda _: None
        self.poison: dict[str, int] = {}
        self.missing_ideal: list[str] = []

    def handle(self, request: Request) -> Answer:
        try:
            caller = self._caller(request)
            if request.path == "/v1.0/$batch":
                return self._batch(request, caller)
            if len(request.body) > REQUEST_BYTES:
                raise GraphError(413, "RequestEntityTooLarge", "The request is too large.")
            answer = self._mailbox_request(request, caller)
        except GraphError as error:
            return error.answer()
        answer.headers.setdefault("request-id", str(uuid.uuid4()))
        return answer

    def upload(self, request: Request) -> Answer:
        """The other host of upload sessions; the address is the permission."""
        try:
            if "authorization" in request.headers:
                raise GraphError(401, "InvalidAudienceForResource", "Do not send a token here.")
            session = self.uploads.get(request.path.rpartition("/")[2])
            if session is None or request.query.get("authtoken") != "opaque-upload-token":
                raise GraphError(404, "ErrorItemNotFound")
            return self._range(session, request)
        except GraphError as error:
            return error.answer()

    def _range(self, session: Upload, request: Request) -> Answer:
        first, last, whole = map(
            int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers["content-range"]).groups()
        )  # type: ignore[union-attr]
        if (
            first != len(session.data)
            or last - first + 1 != len(request.body)
            or whole != session.item["size"]
        ):
            raise GraphError(416, "ErrorInvalidRange")
        if len(request.body) >= REQUEST_BYTES or (last + 1 != whole and len(request.body) % _RANGE_UNIT):
            raise GraphError(400, "ErrorInvalidRange")
        session.data += request.body
        if len(session.data) < whole:
            return Answer(200, {"nextExpectedRanges": [f"{len(session.data)}-"]})
        session.message.attachments.append(
            {
                "name": session.item["name"],
                "contentType": session.item.get("contentType", "application/octet-stream"),
                "contentBytes": base64.b64encode(session.data).decode(),
            }
        )
        return Answer(201, None, {"Location": f"{self.upload_url}/attachment"})

    def _caller(self, request: Request) -> Caller:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        try:
            claims = jwt.decode(token, self.key, algorithms=["HS256"], audience=self.cloud)
        except jwt.ExpiredSignatureError:
            raise GraphError(
                401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
            ) from None
        except jwt.PyJWTError:
            raise GraphError(
                401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience."
            ) from None
        if claims.get("appid") in self.blocked_apps:
            raise GraphError(
                403, "AccessDenied", "Access to OData is disabled by the application access policy."
            )
        if "upn" in claims:
            return Caller(False, claims["upn"], set(claims["scp"].split()))
        return Caller(True, "", set(claims.get("roles", [])))

    def _batch(self, request: Request, caller: Caller) -> Answer:
        parts = request.json().get("requests", [])
        if not 0 < len(parts) <= 20 or len(request.body) > REQUEST_BYTES:
            raise GraphError(400, "BadRequest", "A batch has 1 to 20 requests.")
        in_row = self._is_row(parts)
        done: dict[str, int] = {}
        load: dict[str, int] = {}
        answers = []
        for part in parts:
            one = self._part_request(part)
            self.parts += 1
            box = one.path.split("/")[3] if one.path.startswith("/v1.0/users/") else "me"
            load[box] = load.get(box, 0) + 1
            if any(not 200 <= done[d] < 300 for d in part.get("dependsOn", [])):
                answer = GraphError(424, "FailedDependency").answer()
            elif not in_row and load[box] > CONCURRENCY:
                answer = GraphError(
                    429,
                    "ApplicationThrottled",
                    "Application is over its MailboxConcurrency limit.",
                    Retry_After="1",
                ).answer()
            else:
                answer = self._part(one, caller)
            done[part["id"]] = answer.status
            answers.append({"id": part["id"], "status": answer.status, **self._part_body(answer)})
        answers.reverse()  # The order of the answers is not that of the requests.
        return Answer(200, {"responses": answers}, {"request-id": str(uuid.uuid4())})

    def _is_row(self, parts: list[dict[str, Any]]) -> bool:
        """Microsoft, "known issues": requests depend on nothing, or each on the one before."""
        depends = [part.get("dependsOn", []) for part in parts]
        if not any(depends):
            return False
        row = all(d == ([parts[n - 1]["id"]] if n else []) for n, d in enumerate(depends))
        if not row:
            raise GraphError(400, "BadRequest", "Unsupported dependency pattern.")
        return True

    def _part_request(self, part: dict[str, Any]) -> Request:
        target = urllib.parse.urlsplit(part["url"])
        query = dict(urllib.parse.parse_qsl(target.query))
        head = {k.lower(): v for k, v in part.get("headers", {}).items()}
        body = json.dumps(part["body"]).encode() if "body" in part else b""
        return Request(part["method"], urllib.parse.unquote("/v1.0" + target.path), query, head, body)

    def _part(self, request: Request, caller: Caller) -> Answer:
        try:
            return self.before_part(request) or self._mailbox_request(request, caller)
        except GraphError as error:
            return error.answer()

    def _part_body(self, answer: Answer) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **answer.headers}
        if isinstance(answer.body, bytes):
            return {
                "headers": {**headers, "Content-Type": "text/plain"},
                "body": base64.b64encode(answer.body).decode(),
            }
        return {"headers": headers, **({} if answer.body is None else {"body": answer.body})}

    def _mailbox_request(self, request: Request, caller: Caller) -> Answer:
        if request.headers.get("prefer", "").find('IdType="ImmutableId"') < 0:
            self.missing_ideal.append(f"{request.method} {request.path}")
        parts = request.path.removeprefix("/v1.0/").split("/")
        if parts[0] == "me":
            if caller.app_only:
                raise GraphError(
                    400, "BadRequest", "/me request is only valid with delegated authentication flow."
                )
            address, rest = caller.user, parts[1:]
        elif parts[0] == "users":
            address, rest = parts[1], parts[2:]
        else:
            raise GraphError(404, "ResourceNotFound")
        box = self._box(address)
        with box.lock:
            box.in_flight += 1
            box.peak = max(box.peak, box.in_flight)
        try:
            if box.in_flight > CONCURRENCY:
                raise GraphError(
                    429,
                    "ApplicationThrottled",
                    "Application is over its MailboxConcurrency limit.",
                    Retry_After="1",
                )
            with box.lock:
                return self._route(request, caller, box, rest)
        finally:
            with box.lock:
                box.in_flight -= 1

    def _box(self, address: str) -> Mailbox:
        try:
            box = self.post.box(address)
        except KeyError:
            raise GraphError(404, "ErrorInvalidUser", f"The requested user '{address}' is invalid.") from None
        if not box.enabled:
            raise GraphError(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            )
        return box

    def _need(self, caller: Caller, box: Mailbox, permission: str) -> None:
        own = caller.app_only or self.post.box(caller.user) is box
        names = {permission} if own else {permission + ".Shared"}
        if not own and (caller.user.casefold(), box.address.casefold()) not in self.shared:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if not names & caller.permissions:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")

    def _route(self, request: Request, caller: Caller, box: Mailbox, rest: list[str]) -> Answer:
        method, immutable = request.method, 'IdType="ImmutableId"' in request.headers.get("prefer", "")
        match [method, *rest]:
            case ["POST", "sendMail"]:
                self._need(caller, box, "Mail.Send")
                return self._send_mail(request, caller, box)
            case ["POST", "messages", key, "send"]:
                self._need(caller, box, "Mail.Send")
                return self._send_draft(caller, box, self._message(box, key))
        self._need(caller, box, "Mail.ReadWrite")
        match [method, *rest]:
            case ["GET", "mailFolders"]:
                return self._page(
                    request,
                    [
                        self._folder(box, f)
                        for f in box.folders
                        if not box.folders[f].parent and box.folders[f].well_known != HIDDEN
                    ],
                )
            case ["GET", "mailFolders", key]:
                return Answer(200, self._folder(box, self._folder_id(box, key)))
            case ["GET", "mailFolders", key, "childFolders"]:
                parent = self._folder_id(box, key)
                return self._page(
                    request, [self._folder(box, f) for f in box.folders if box.folders[f].parent == parent]
                )
            case ["GET", "mailFolders", key, "messages"]:
                return self._list(request, box.listing(self._folder_id(box, key)), immutable)
            case ["GET", "messages"]:
                return self._list(request, list(box.messages.values()), immutable)
            case ["POST", "messages"]:
                return self._create(request, box, immutable)
            case ["GET", "messages", key]:
                return Answer(200, self._message_json(self._message(box, key), request, immutable))
            case ["GET", "messages", key, "$value"]:
                message = self._message(box, key)
                if message.immutable_id in self.poison:
                    raise GraphError(self.poison[message.immutable_id], "ErrorInternalServerError")
                return Answer(200, message.raw, {"Content-Type": "text/plain"})
            case ["DELETE", "messages", key]:
                return self._delete(box, key)
            case ["POST", "messages", key, "permanentDelete"]:
                if not self.permanent_delete:
                    raise GraphError(
                        400, "BadRequest", "Resource not found for the segment 'permanentDelete'."
                    )
                del box.messages[self._message(box, key).immutable_id]
                return Answer(204)
            case ["POST", "messages", key, "move"]:
                message = self._message(box, key)
                box.move(message, self._folder_id(box, request.json()["destinationId"]))
                return Answer(201, self._message_json(message, request, immutable))
            case ["POST", "messages", key, "attachments"]:
                message = self._message(box, key)
                message.attachments.append(request.json())
                return Answer(201, {"id": secrets.token_hex(8)})
            case ["POST", "messages", key, "attachments", "createUploadSession"]:
                return self._open_upload(request, self._message(box, key))
        raise GraphError(
            405 if rest[-1:] == ["$value"] else 404,
            "ErrorInvalidRequest",
            "The OData request is not supported.",
        )

    def _folder_id(self, box: Mailbox, key: str) -> str:
        try:
            return box.folder_id(key)
        except KeyError:
            raise GraphError(
                404, "ErrorItemNotFound", "The specified object was not found in the store."
            ) from None

    def _message(self, box: Mailbox, key: str) -> Message:
        try:
            return box.find(key)
        except KeyError:
            raise GraphError(
                404, "ErrorItemNotFound", "The specified object was not found in the store."
            ) from None

    def _delete(self, box: Mailbox, key: str) -> Answer:
        message = self._message(box, key)
        hidden = box.folder_id(HIDDEN)
        if message.folder == hidden:
            raise GraphError(403, "ErrorCannotDeleteObject", "The object can't be deleted.")
        box.move(message, HIDDEN)
        return Answer(204)

    def _folder(self, box: Mailbox, key: str) -> dict[str, Any]:
        folder = box.folders[key]
        children = sum(f.parent == key for f in box.folders.values())
        return {
            "id": key,
            "displayName": folder.name,
            "parentFolderId": folder.parent or "root",
            "childFolderCount": children,
            "totalItemCount": len(box.listing(key)),
        }

    def _list(self, request: Request, messages: list[Message], immutable: bool) -> Answer:
        wanted = request.query.get("$filter")
        if wanted:
            found = re.fullmatch(r"internetMessageId eq '(.*)'", wanted)
            if not found:
                raise GraphError(400, "ErrorInvalidUrlQueryFilter")
            key = found[1].replace("''", "'")
            messages = [m for m in messages if str(m.parsed()["Message-ID"]).strip() == key]
        order = request.query.get("$orderby", "receivedDateTime desc")
        messages.sort(key=lambda m: m.received, reverse=order.endswith("desc"))
        return self._page(request, messages, lambda m: self._message_json(m, request, immutable))

    def _page(self, request: Request, items: list[Any], render: Callable[[Any], Any] = lambda x: x) -> Answer:
        top, skip = (
            min(int(request.query.get("$top", 10)), self.page_limit),
            int(request.query.get("$skip", 0)),
        )
        body: dict[str, Any] = {"value": [render(one) for one in items[skip : skip + top]]}
        if skip + top < len(items) or self.loop_pages:
            query = urllib.parse.urlencode({**request.query, "$skip": 0 if self.loop_pages else skip + top})
            body["@odata.nextLink"] = f"{self.url}{urllib.parse.quote(request.path)}?{query}"
        return Answer(200, body)

    def _message_json(self, message: Message, request: Request, immutable: bool) -> dict[str, Any]:
        mail, select = message.parsed(), request.query.get("$select", "").split(",")
        body = mail.get_body(("html", "plain"))
        full: dict[str, Any] = {
            "subject": str(mail.get("Subject", "")), "isDraft": message.is_draft,
            "receivedDateTime": message.received.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "internetMessageId": str(mail.get("Message-ID", "")), "parentFolderId": message.folder,
        }  # fmt: skip
        if "body" in select or select == [""]:
            kind = "html" if body is not None and body.get_content_type() == "text/html" else "text"
            full["body"] = {"contentType": kind, "content": "" if body is None else body.get_content()}
        if "internetMessageHeaders" in select:
            full["internetMessageHeaders"] = [{"name": k, "value": str(v)} for k, v in mail.items()]
        if select != [""]:
            full = {k: v for k, v in full.items() if k in select}
        full["id"] = message.immutable_id if immutable else message.regular_id
        if "0xe08" in request.query.get("$expand", "").lower():
            full["singleValueExtendedProperties"] = [{"id": "Integer 0xe08", "value": str(len(message.raw))}]
        if "attachments(" in request.query.get("$expand", ""):
            full["attachments"] = [
                {"name": part.get_filename(f"ATT{n:05}.txt"), "contentType": part.get_content_type()}
                for n, part in enumerate(mail.iter_attachments(), 1)
            ]
        return full

    def _create(self, request: Request, box: Mailbox, immutable: bool) -> Answer:
        if request.headers.get("content-type", "").startswith("text/plain"):
            message = box.put(_decoded(request.body), "drafts", is_draft=True)
        else:
            draft = request.json()
            message = box.put(_composed(draft, []), "drafts", is_draft=True, draft=draft)
        return Answer(201, self._message_json(message, request, immutable))

    def _open_upload(self, request: Request, message: Message) -> Answer:
        key = secrets.token_urlsafe(16)
        item = request.json()["AttachmentItem"]
        if item["size"] < 3 * 1024 * 1024 and item["size"] < 2_000_000:
            raise GraphError(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")
        self.uploads[key] = Upload(message, item)
        address = f"{self.upload_url}/api/v2.0/upload/{key}?authtoken=opaque-upload-token"
        return Answer(
            201,
            {
                "uploadUrl": address,
                "expirationDateTime": "2026-12-31T00:00:00Z",
                "nextExpectedRanges": ["0-"],
            },
        )

    def _send_mail(self, request: Request, caller: Caller, box: Mailbox) -> Answer:
        save = True
        if request.headers.get("content-type", "").startswith("text/plain"):
            raw = _decoded(request.body)
        else:
            body = request.json()
            raw = _composed(body["message"], body["message"].get("attachments", []))
            save = body.get("saveToSentItems", True) not in (False, "false")
        self._dispatch(caller, box, raw)
        if save:
            box.put(raw, "sentitems")
        return Answer(202)

    def _send_draft(self, caller: Caller, box: Mailbox, message: Message) -> Answer:
        if message.draft:
            message.raw = _composed(message.draft, message.attachments)
        self._dispatch(caller, box, message.raw)
        message.is_draft = False
        box.move(message, "sentitems")
        return Answer(202)

    def _dispatch(self, caller: Caller, box: Mailbox, raw: bytes) -> None:
        if len(raw) > self.size_limit:
            raise GraphError(
                413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size."
            )
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        sender = mail["From"].addresses[0].addr_spec.casefold() if mail["From"] else box.address.casefold()
        allowed = {
            box.address.casefold(),
            *(a for a, b in self.post.aliases.items() if b == box.address.casefold()),
        }
        if not caller.app_only:
            allowed |= {b for a, b in self.shared if a == caller.user.casefold()}
        if sender not in allowed:
            raise GraphError(
                403,
                "ErrorSendAsDenied",
                "The user account may not send mail on behalf of the specified sending account.",
            )
        self.post.deliver(raw)


def _decoded(body: bytes) -> bytes:
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error:
        raise GraphError(
            400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
        ) from None
    if b":" not in raw.partition(b"\r\n")[0]:
        raise GraphError(400, "ErrorMimeContentInvalid")
    return raw


def _composed(draft: dict[str, Any], attachments: list[dict[str, Any]]) -> bytes:
    """What Exchange makes of a JSON message."""
    mail = EmailMessage(policy=email.policy.SMTP)
    for field_name, key in (
        ("To", "toRecipients"),
        ("Cc", "ccRecipients"),
        ("Bcc", "bccRecipients"),
        ("Reply-To", "replyTo"),
    ):
        people = [_address(one) for one in draft.get(key, [])]
        if people:
            mail[field_name] = people
    if "from" in draft:
        mail["From"] = _address(draft["from"])
    mail["Subject"] = draft.get("subject", "")
    if draft.get("internetMessageId"):
        mail["Message-ID"] = draft["internetMessageId"]
    names = {"String 0x1042": "In-Reply-To", "String 0x1039": "References"}
    for one in draft.get("singleValueExtendedProperties", []):
        name = names.get(one["id"]) or one["id"].rpartition(" Name ")[2]
        mail[name] = one["value"]
    for one in draft.get("internetMessageHeaders", []):
        if not one["name"].casefold().startswith("x-"):
            raise GraphError(400, "InvalidInternetMessageHeader")
        mail[one["name"]] = one["value"]
    body = draft.get("body", {"contentType": "text", "content": ""})
    if body["contentType"] == "html":
        mail.set_content(re.sub(r"<[^>]+>", " ", body["content"]))
        mail.add_alternative(body["content"], subtype="html")
    else:
        mail.set_content(body["content"])
    for one in attachments:
        kind, _, sub = one.get("contentType", "application/octet-stream").partition("/")
        mail.add_attachment(
            base64.b64decode(one["contentBytes"]),
            maintype=kind,
            subtype=sub or "octet-stream",
            filename=one["name"],
        )
    return mail.as_bytes()


def _address(one: dict[str, Any]) -> Address:
    given = one["emailAddress"]
    with contextlib.suppress(ValueError):
        return Address(display_name=given.get("name", ""), addr_spec=given["address"])
    raise GraphError(400, "ErrorInvalidRecipients")
