"""The token desk: who wants to reach a mail server by OAuth asks here, from any thread.

One refresh at a time per application, ahead of expiry; rotated tokens are on disk before they are used; a
passing fault keeps what is held, a lasting one is shown by `status` and asked again only slowly. Signing in
(`begin`, `wait`) lives in `oauth.sign_in`. Never logs; no error or status holds a token or a secret.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.oauth import Purpose
from flexmaild.oauth.clouds import CLOUDS
from flexmaild.oauth.errors import OAuthFault, own_fault
from flexmaild.oauth.grants import (
    ApplicationState,
    ApplicationStatus,
    Authorization,
    Grant,
    Issuer,
    OAuthApplication,
    wanted_purposes,
)
from flexmaild.oauth.scopes import missing
from flexmaild.oauth.sign_in import SignIn
from flexmaild.oauth.status import status_of

if TYPE_CHECKING:
    from flexmaild.oauth.token_store import TokenStore

__all__ = ["ApplicationState", "ApplicationStatus", "Authorization", "OAuthApplication", "TokenManager"]

# A token is renewed when a fifth of its life is left, and not handed out in its last minute.
RENEW_AT = 0.8
LAST_SECONDS = 60.0
# Pace of further tries: a passing fault doubles from 30 s; a lasting one waits a quarter of an hour, since
# an administrator may cure it at Microsoft without telling us. Retry-After is obeyed up to an hour.
FIRST_PAUSE, LONGEST_PAUSE, DEAD_PAUSE, RETRY_AFTER_CAP = 30.0, 900.0, 900.0, 3600.0
# A second thread that forces a new token just after the first one did gets that one.
FRESH_SECONDS = 30.0
# How long a caller waits while another one renews: the renewal itself is bounded (entra.TOKEN_SECONDS).
WAIT_SECONDS = 90.0


@dataclass(slots=True)
class HeldToken:
    """A token in memory; times by the monotonic clock, which no one sets."""

    token: str = field(repr=False)
    got_at: float
    renew_at: float
    dies_at: float


@dataclass(slots=True)
class TokenState:
    """All we know of one application; changed only under its lock."""

    name: str
    application: OAuthApplication
    issuer: Issuer
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: dict[Purpose, HeldToken] = field(default_factory=dict)
    failure: TryLater | None = None
    failures: int = 0
    again_at: float = 0.0
    credential: str = ""
    file_version: int = 0
    scopes: tuple[str, ...] = ()
    refreshed_at: float | None = None


class TokenManager:
    """store: where tokens are kept. clock: wall clock in seconds, only for what is shown."""

    def __init__(
        self,
        applications: Mapping[str, OAuthApplication],
        store: TokenStore,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._clock, self._now = store, clock, monotonic
        self._seats = {name: TokenState(name, a, _issuer(a)) for name, a in applications.items()}
        self._sign_ins: dict[str, SignIn] = {}
        for seat in self._seats.values():
            self._look_at_disk(seat)

    def token(self, application: str, purpose: Purpose, *, force: bool = False) -> str:
        """A token that lives for at least another minute.

        force: the server refused the one given out before. Raises `OAuthFault` (TryLater) with the cure when
        somebody must act, `TryLater` for a passing fault; `GiveUp` for an unknown application.
        """
        seat = self._seat(application)
        held = seat.held.get(purpose)
        if held and not force and self._now() < held.renew_at:
            return held.token
        usable = held is not None and not force and self._now() < held.dies_at - LAST_SECONDS
        if not seat.lock.acquire(timeout=0 if usable else WAIT_SECONDS):
            if held and usable:
                return held.token
            text = "another thread has been waiting for the token endpoint"
            raise TryLater(Reason.TIMEOUT, text, step="token")
        try:
            return self._renewed(seat, purpose, force)
        finally:
            seat.lock.release()

    def status(self) -> list[ApplicationStatus]:
        """How every application stands, without asking anybody."""
        return [
            status_of(seat, self._clock(), self._now(), self._known(seat)) for seat in self._seats.values()
        ]

    def begin(self, application: str, expected_user: str = "") -> Authorization:
        """Starts an authorisation and says what to show; a further call starts it anew.

        Where nobody has to sign in, `address` is empty, and `wait` tries the application's own credentials.
        """
        seat = self._seat(application)
        if seat.application.app_only:
            return Authorization(application, seat.application.flow, "", "", 0.0, "")
        self.abandon(application)
        sign_in = SignIn(application, seat.application, _issuer(seat.application), expected_user)
        self._sign_ins[application] = sign_in
        return sign_in.shown

    def wait(
        self,
        application: str,
        *,
        begun: Authorization | None = None,
        stop: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> ApplicationStatus:
        """Waits until the person has signed in, checks who it was and what was granted, keeps the tokens.

        begun: what `begin` returned; another one that was begun since is then left alone. progress: called
        with the seconds left, at each look. Raises `OAuthFault` with the cure otherwise; the tokens of an
        earlier authorisation then stay as they were.
        """
        seat = self._seat(application)
        if seat.application.app_only:
            return self._prove(seat)
        sign_in = self._sign_ins.get(application)
        if sign_in is None or (begun and sign_in.shown is not begun):
            text = f"this authorisation of {application!r} is over: it was begun anew or given up"
            raise GiveUp(Reason.CLIENT, text, step="authorise")
        try:
            issuer, grant = sign_in.wait(stop or threading.Event(), progress or (lambda _: None), self._now)
        except TryLater as failure:
            failure.cure = _named(failure.cure, application)
            raise
        finally:
            sign_in.close()
            if self._sign_ins.get(application) is sign_in:
                del self._sign_ins[application]
        with seat.lock:
            seat.issuer, seat.held = issuer, {}
            self._keep(seat)
            self._granted(seat, sign_in.purpose, grant)
        return status_of(seat, self._clock(), self._now(), True)

    def abandon(self, application: str) -> None:
        """Ends an authorisation that was begun and not finished."""
        sign_in = self._sign_ins.pop(application, None)
        if sign_in:
            sign_in.close()

    def forget(self, application: str) -> bool:
        """Drops the tokens from memory and disk; True when there were any on disk."""
        seat = self._seat(application)
        with seat.lock:
            seat.issuer, seat.held, seat.scopes = _issuer(seat.application), {}, ()
            seat.failure, seat.failures, seat.again_at, seat.file_version = None, 0, 0.0, 0
            seat.refreshed_at = None
            return self._store.forget(application)

    def issuer(self, application: str) -> Issuer:
        """For the doctor: a fresh issuer that shares no state with the one in use."""
        return _issuer(self._seat(application).application)

    def hurry(self) -> None:
        """Somebody asks who may just have applied the cure: what looked lasting is tried at once, once. A
        service that asked for a pause still gets it."""
        for seat in self._seats.values():
            if isinstance(seat.failure, OAuthFault) and seat.failure.dead:
                seat.credential = ""  # msal answers from its own memory for a minute unless made anew

    def keep_fresh(self) -> None:
        """Renews what is due of all that the settings use, whether or not anybody needs it now: a token not
        used for long dies, and a fault must show before the next mail. Failures are in `status`."""
        for seat in self._seats.values():
            for purpose in wanted_purposes(seat.application) if seat.application.uses else ():
                with suppress(TryLater):
                    self.token(seat.name, purpose)

    def application(self, name: str) -> OAuthApplication:
        return self._seat(name).application

    def graph_root(self, application: str) -> str:
        """The address of Graph in the application's cloud."""
        return CLOUDS[self._seat(application).application.cloud].graph

    def _prove(self, seat: TokenState) -> ApplicationStatus:
        """New tokens by the application's own credentials, whatever failed a moment ago."""
        for purpose in wanted_purposes(seat.application):
            seat.again_at = 0.0
            self.token(seat.name, purpose, force=True)
        return status_of(seat, self._clock(), self._now(), True)

    def _look_at_disk(self, seat: TokenState) -> None:
        """So that the status is right from the start, and not only after the first use."""
        if seat.application.app_only or not self._store.version(seat.name):
            return
        try:
            self._notice_changes(seat)
        except TryLater as failure:
            self._failed(seat, failure)

    def _seat(self, name: str) -> TokenState:
        if name not in self._seats:
            cure = f"Known under `oauth_applications`: {', '.join(self._seats) or 'none'}."
            raise GiveUp(Reason.CLIENT, f"no OAuth application {name!r}", step="token", cure=cure)
        return self._seats[name]

    def _known(self, seat: TokenState) -> bool:
        return bool(seat.held) or seat.application.app_only or self._store.version(seat.name) > 0

    def _renewed(self, seat: TokenState, purpose: Purpose, force: bool) -> str:
        """Under the lock: the token somebody else got meanwhile, or a new one, or the old while it lives."""
        now, held = self._now(), seat.held.get(purpose)
        if held and now < held.dies_at and now < held.got_at + FRESH_SECONDS:
            return held.token
        try:
            self._notice_changes(seat)
            if seat.failure and now < seat.again_at:
                raise _again(seat.failure, seat.again_at - now)
            return self._ask(seat, purpose, force or held is not None)
        except TryLater as failure:
            if failure is not seat.failure:
                self._failed(seat, failure)
            if held and not force and now < held.dies_at - LAST_SECONDS:
                return held.token
            raise

    def _ask(self, seat: TokenState, purpose: Purpose, force: bool) -> str:
        grant = seat.issuer.renew(purpose, force=force)
        self._keep(seat)
        lacking = missing(seat.application, purpose, grant)
        if lacking:
            raise own_fault("missing_scope", ", ".join(lacking))
        self._granted(seat, purpose, grant)
        return grant.token

    def _keep(self, seat: TokenState) -> None:
        """What rotated is on disk before anybody uses it: after a crash the old one may be void."""
        state = seat.issuer.changed()
        if state is not None:
            self._store.write(seat.name, state)
            seat.issuer.kept()
            seat.file_version = self._store.version(seat.name)

    def _granted(self, seat: TokenState, purpose: Purpose, grant: Grant) -> None:
        now = self._now()
        seat.held[purpose] = HeldToken(grant.token, now, now + grant.life * RENEW_AT, now + grant.life)
        seat.scopes = tuple(dict.fromkeys((*seat.scopes, *grant.scopes)))
        seat.failure, seat.failures, seat.again_at = None, 0, 0.0
        if not grant.cached:
            seat.refreshed_at = self._clock()

    def _failed(self, seat: TokenState, failure: TryLater) -> None:
        failure.cure = _named(failure.cure, seat.name)
        seat.failure, seat.failures = failure, seat.failures + 1
        pause = min(FIRST_PAUSE * 2.0 ** (seat.failures - 1), LONGEST_PAUSE)
        if isinstance(failure, OAuthFault) and failure.dead:
            pause = DEAD_PAUSE
        if failure.retry_after is not None:
            pause = max(pause, min(failure.retry_after, RETRY_AFTER_CAP))
        seat.again_at = self._now() + pause
        failure.retry_after = pause

    def _notice_changes(self, seat: TokenState) -> None:
        """A new secret or a new token file is a reason to try at once, whatever failed before."""
        try:
            credential = _fingerprint(seat.application)
        except TryLater:
            seat.credential = ""  # once it can be read again, that is a change
            raise
        if credential != seat.credential:
            seat.issuer.drop()
            seat.credential, seat.again_at = credential, 0.0
        version = self._store.version(seat.name)
        if version != seat.file_version and not seat.application.app_only:
            self._load(seat, version)
            seat.file_version, seat.again_at = version, 0.0

    def _load(self, seat: TokenState, version: int) -> None:
        state = self._store.read(seat.name)
        if state is None:
            return
        try:
            seat.issuer.load(state)
        except ValueError:
            detail = f"{self._store.path(seat.name)} holds those of another provider"
            raise own_fault("token_file", detail, step="token store") from None
        if seat.refreshed_at is None:
            seat.refreshed_at = version / 1e9  # nanoseconds: written when last refreshed


def _issuer(application: OAuthApplication) -> Issuer:
    # msal and requests are 10 MB and a tenth of a second, which a daemon without OAuth need not spend.
    if application.provider == "google":
        from flexmaild.oauth.google import Google

        return Google(application)
    from flexmaild.oauth.entra import Entra

    return Entra(application)


def _fingerprint(application: OAuthApplication) -> str:
    """Changes with the secrets; kept instead of them."""
    parts = (application.client_secret, application.private_key, application.certificate)
    digest = hashlib.sha256()
    for read in parts:
        digest.update(hashlib.sha256(read().encode()).digest() if read else b"-")
    return digest.hexdigest()


def _named(cure: str, name: str) -> str:
    """The cure with the application's own name in its commands."""
    return cure.replace("authorize NAME", f"authorize {name}")


def _again(failure: TryLater, seconds: float) -> TryLater:
    """The same failure, told again without asking again."""
    failure.retry_after = seconds
    return failure
