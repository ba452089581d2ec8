"""Outgoing mail over Graph: MIME unchanged where it fits, a draft with an upload session where it does not.

Graph takes a mail for all recipients or for none. `sendMail` answers without an id, so after an uncertain try
it first looks for the Message-ID in Sent Items. Never retries.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope, Receipt
from flexmaild.transports.envelope import prepare
from flexmaild.transports.graph.api import GraphApi, as_json, with_query
from flexmaild.transports.graph.draft import Attachment, Draft, addressed, as_draft

# Microsoft: a request to Graph may have 4 MB ("413 Request Entity Too Large" above), and base64 adds a third.
_MIME_BYTES = 2_900_000
# "Attach large files to Outlook messages": below 3 MB in one request, above by ranges that are multiples of
# 320 KiB and shorter than 4 MB.
_ATTACH_BYTES, _RANGE_BYTES = 2_200_000, 12 * 320 * 1024
_SEND_SECONDS = 120.0
# How many Message-IDs of uncertain tries are remembered; each is looked up once per try.
_DOUBTS = 1000


class GraphOutbox:
    """An Outbox (see `core.ports`). save: keep a copy in Sent Items, which also resolves uncertain tries."""

    def __init__(self, api: GraphApi, *, save: bool = True) -> None:
        self._api, self._save = api, save
        self._doubtful: dict[str, None] = {}

    def send(self, envelope: Envelope) -> Receipt:
        prepare(envelope)  # refuses addresses and line ends that must not go out by any way
        key = envelope.message_id
        if (envelope.uncertain or key in self._doubtful) and self._was_sent(key):
            self._doubtful.pop(key, None)
            return Receipt("found in Sent Items: the earlier try had succeeded", self._api.tls)
        try:
            answer = self._send(addressed(envelope))
        except TryLater as failure:
            if failure.uncertain:
                self._doubt(key)
            raise
        self._doubtful.pop(key, None)
        return Receipt(answer, self._api.tls)

    def close(self) -> None:
        self._api.close()

    def _doubt(self, key: str) -> None:
        self._doubtful[key] = None
        if len(self._doubtful) > _DOUBTS:
            del self._doubtful[next(iter(self._doubtful))]

    def _was_sent(self, message_id: str) -> bool:
        """Whether Sent Items holds it. False where the sign-in may not read there: it is sent again, with the
        same Message-ID."""
        named = message_id.replace("'", "''")
        path = with_query(
            "/mailFolders/sentitems/messages", filter=f"internetMessageId eq '<{named}>'", select="id", top=1
        )
        try:
            found = self._api.get_json(path, step="look in Sent Items")
        except Failure as failure:
            if failure.reason in (Reason.AUTH, Reason.CLIENT):
                return False
            raise
        return bool(self._api.listed(found, step="look in Sent Items"))

    def _send(self, data: bytes) -> str:
        if len(data) > _MIME_BYTES:
            return self._send_draft(as_draft(data))
        if self._save:
            return self._final("/sendMail", base64.b64encode(data), "text/plain")
        # Only the JSON form can be told not to keep a copy (Microsoft, "user: sendMail").
        draft = as_draft(data)
        message = {**draft.message, "attachments": [_attachment_json(p) for p in draft.attachments]}
        return self._final(
            "/sendMail", as_json({"message": message, "saveToSentItems": False}), "application/json"
        )

    def _send_draft(self, draft: Draft) -> str:
        """Create a draft, attach, send. Until the last request nothing can have been sent."""
        try:
            made = self._api.created(self._api.post_json("/messages", draft.message, step="draft"), "draft")
            if not made.get("id"):
                raise TryLater(Reason.SERVER, "the answer has no id", step="draft", server=self._api.server)
            path = f"/messages/{quote(str(made['id']), safe='')}"
        except TryLater as failure:
            failure.uncertain = False
            raise
        try:
            for attachment in draft.attachments:
                self._attach(path, attachment)
        except Failure as failure:
            self._discard(path)
            if isinstance(failure, TryLater):
                failure.uncertain = False
            raise
        return self._final(f"{path}/send", b"", "application/json")

    def _attach(self, path: str, attachment: Attachment) -> None:
        if len(attachment.data) <= _ATTACH_BYTES:
            self._api.post_json(f"{path}/attachments", _attachment_json(attachment), step="attach")
            return
        item = {
            "attachmentType": "file",
            "name": attachment.name,
            "size": len(attachment.data),
            "contentType": attachment.kind,
        }
        if attachment.content_id:
            item |= {"isInline": True, "contentId": attachment.content_id}
        answer = self._api.post_json(
            f"{path}/attachments/createUploadSession", {"AttachmentItem": item}, step="upload"
        )
        address = str(self._api.created(answer, "upload").get("uploadUrl", ""))
        if not address.startswith("https://"):
            raise TryLater(Reason.SERVER, "no upload address came", step="upload", server=self._api.server)
        for first in range(0, len(attachment.data), _RANGE_BYTES):
            part = attachment.data[first : first + _RANGE_BYTES]
            self._api.put_range(address, part, first, len(attachment.data))

    def _final(self, path: str, body: bytes, kind: str) -> str:
        """The request that sends. After a gateway's 5xx the mail may have been sent nevertheless."""
        try:
            response = self._api.request("POST", path, step="send", body=body, kind=kind, total=_SEND_SECONDS)
        except TryLater as failure:
            if failure.reason is Reason.SERVER and any(f"HTTP {n}" in failure.text for n in (500, 502, 504)):
                failure.uncertain = True
            raise
        return f"{response.status_code} accepted, request-id {response.headers.get('request-id', 'none')}"

    def _discard(self, path: str) -> None:
        try:
            self._api.request("DELETE", path, step="discard draft")
        except (TryLater, GiveUp):
            return  # it stays among the drafts, harmlessly


def _attachment_json(attachment: Attachment) -> Mapping[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.kind,
        "contentBytes": base64.b64encode(attachment.data).decode(),
        "isInline": bool(attachment.content_id),
        "contentId": attachment.content_id or None,
    }
