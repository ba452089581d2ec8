"""The token manager: gives access tokens to adapters, from any thread.

One refresh at a time per application, ahead of expiry; rotated tokens are on disk before they are used; after
a passing fault a valid token is still used, a lasting one is shown by `status` and retried only slowly.
`oauth.sign_in` does the sign-in for `begin` and `wait`. Never logs; no error or status holds a token or a
secret.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.oauth import Purpose
from flexmaild.oauth.clouds import CLOUDS
from flexmaild.oauth.errors import OAuthFault, own_fault
from flexmaild.oauth.grants import (
    ApplicationStatus,
    Authorization,
    Grant,
    Issuer,
    OAuthApplication,
    wanted_purposes,
)
from flexmaild.oauth.scopes import missing
from flexmaild.oauth.sign_in import SignIn
from flexmaild.oauth.state import HeldToken, TokenState, fingerprint_of, issuer_of
from flexmaild.oauth.status import status_of

if TYPE_CHECKING:  # cryptography is 7 MB, which a daemon without OAuth need not load
    from flexmaild.oauth.token_store import TokenStore

# A token is renewed when a fifth of its life is left, and not given out in its last minute.
_RENEW_AT = 0.8
_LAST_SECONDS = 60.0
# Pauses between tries: after a passing fault 30 s, doubled each time; after a lasting one a quarter of an
# hour, since an administrator may cure it at Microsoft. Retry-After is obeyed up to an hour.
_FIRST_PAUSE, _LONGEST_PAUSE, _DEAD_PAUSE, RETRY_AFTER_CAP = 30.0, 900.0, 900.0, 3600.0
# A second thread that forces a new token within this time gets the first one's.
_FRESH_SECONDS = 30.0
# How long a caller waits while another one renews: the renewal itself is bounded (entra.TOKEN_SECONDS).
WAIT_SECONDS = 90.0


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
        self._states = {name: TokenState(name, a, issuer_of(a)) for name, a in applications.items()}
        self._sign_ins: dict[str, SignIn] = {}
        for state in self._states.values():
            self._read_status_from_disk(state)

    def token(self, application: str, purpose: Purpose, *, force: bool = False) -> str:
        """A token that is valid for at least another minute.

        force: the server refused the last one. Raises `OAuthFault` (TryLater) with the cure where a user or
        an administrator must act, `TryLater` for a passing fault; `GiveUp` for an unknown application.
        """
        state = self._state(application)
        held = state.held.get(purpose)
        if held and not force and self._now() < held.renew_at:
            return held.token
        usable = held is not None and not force and self._now() < held.dies_at - _LAST_SECONDS
        if not state.lock.acquire(timeout=0 if usable else WAIT_SECONDS):
            if held and usable:
                return held.token
            text = "another thread has been waiting for the token endpoint"
            raise TryLater(Reason.TIMEOUT, text, step="token")
        try:
            return self._renewed(state, purpose, force)
        finally:
            state.lock.release()

    def status(self) -> list[ApplicationStatus]:
        """The status of each application; asks no provider."""
        return [
            status_of(state, self._clock(), self._now(), self._known(state))
            for state in self._states.values()
        ]

    def begin(self, application: str, expected_user: str = "") -> Authorization:
        """Starts an authorisation and returns what to show; a further call restarts it.

        Where no user signs in, `address` is empty, and `wait` tries the application's own credentials.
        """
        state = self._state(application)
        if state.application.app_only:
            return Authorization(application, state.application.flow, "", "", 0.0, "")
        self.abandon(application)
        sign_in = SignIn(application, state.application, issuer_of(state.application), expected_user)
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
        """Waits for the sign-in, checks the account and the permissions, stores the tokens.

        begun: what `begin` returned; one that was begun since is then left alone. progress: called with the
        seconds left, at each poll. Raises `OAuthFault` with the cure; the tokens of an earlier authorisation
        then stay as they were.
        """
        state = self._state(application)
        if state.application.app_only:
            return self._prove(state)
        sign_in = self._sign_ins.get(application)
        if sign_in is None or (begun and sign_in.shown is not begun):
            text = f"this authorisation of {application!r} is over: it was restarted or cancelled"
            raise GiveUp(Reason.CLIENT, text, step="authorise")
        try:
            issuer, grant = sign_in.wait(stop or threading.Event(), progress or (lambda _: None), self._now)
        except TryLater as failure:
            failure.cure = _with_name(failure.cure, application)
            raise
        finally:
            sign_in.close()
            if self._sign_ins.get(application) is sign_in:
                del self._sign_ins[application]
        with state.lock:
            state.issuer, state.held = issuer, {}
            self._store_tokens(state)
            self._granted(state, sign_in.purpose, grant)
        return status_of(state, self._clock(), self._now(), True)

    def abandon(self, application: str) -> None:
        """Cancels an authorisation that was begun and not finished."""
        sign_in = self._sign_ins.pop(application, None)
        if sign_in:
            sign_in.close()

    def forget(self, application: str) -> bool:
        """Drops the tokens from memory and disk; True when there were any on disk."""
        state = self._state(application)
        with state.lock:
            state.issuer, state.held, state.scopes = issuer_of(state.application), {}, ()
            state.failure, state.failures, state.again_at, state.file_version = None, 0, 0.0, 0
            state.refreshed_at = None
            return self._store.forget(application)

    def issuer(self, application: str) -> Issuer:
        """A new issuer for the doctor, which shares no state with the one in use."""
        return issuer_of(self._state(application).application)

    def retry_now(self) -> None:
        """Retries at once what failed lastingly, for an operator who may just have applied the cure. A pause
        that the service asked for is kept."""
        for state in self._states.values():
            if isinstance(state.failure, OAuthFault) and state.failure.dead:
                state.credential = ""  # msal answers from its own memory for a minute unless made anew

    def keep_fresh(self) -> None:
        """Renews all tokens that are due, needed now or not: an unused refresh token expires, and a fault
        must show before the next mail. Failures are in `status`."""
        for state in self._states.values():
            for purpose in wanted_purposes(state.application) if state.application.uses else ():
                with suppress(TryLater):
                    self.token(state.name, purpose)

    def application(self, name: str) -> OAuthApplication:
        return self._state(name).application

    def graph_root(self, application: str) -> str:
        """The address of Graph in the application's cloud."""
        return CLOUDS[self._state(application).application.cloud].graph

    def _prove(self, state: TokenState) -> ApplicationStatus:
        """Gets new tokens by the application's own credentials, in spite of earlier failures."""
        for purpose in wanted_purposes(state.application):
            state.again_at = 0.0
            self.token(state.name, purpose, force=True)
        return status_of(state, self._clock(), self._now(), True)

    def _read_status_from_disk(self, state: TokenState) -> None:
        """Reads the token file, so that the status is right before the first use."""
        if state.application.app_only or not self._store.version(state.name):
            return
        try:
            self._read_changes(state)
        except TryLater as failure:
            self._failed(state, failure)

    def _state(self, name: str) -> TokenState:
        if name not in self._states:
            cure = f"Known under `oauth_applications`: {', '.join(self._states) or 'none'}."
            raise GiveUp(Reason.CLIENT, f"no OAuth application {name!r}", step="token", cure=cure)
        return self._states[name]

    def _known(self, state: TokenState) -> bool:
        return bool(state.held) or state.application.app_only or self._store.version(state.name) > 0

    def _renewed(self, state: TokenState, purpose: Purpose, force: bool) -> str:
        """Under the lock: the token another thread got meanwhile, or a new one, or the old while it is
        valid."""
        now, held = self._now(), state.held.get(purpose)
        if held and now < held.dies_at and now < held.got_at + _FRESH_SECONDS:
            return held.token
        try:
            self._read_changes(state)
            if state.failure and now < state.again_at:
                raise _with_pause(state.failure, state.again_at - now)
            return self._request(state, purpose, force or held is not None)
        except TryLater as failure:
            if failure is not state.failure:
                self._failed(state, failure)
            if held and not force and now < held.dies_at - _LAST_SECONDS:
                return held.token
            raise

    def _request(self, state: TokenState, purpose: Purpose, force: bool) -> str:
        grant = state.issuer.renew(purpose, force=force)
        self._store_tokens(state)
        lacking = missing(state.application, purpose, grant)
        if lacking:
            raise own_fault("missing_scope", ", ".join(lacking))
        self._granted(state, purpose, grant)
        return grant.token

    def _store_tokens(self, state: TokenState) -> None:
        """Writes rotated tokens to disk before they are used: after a crash the old ones may be void."""
        tokens = state.issuer.changed()
        if tokens is not None:
            self._store.write(state.name, tokens)
            state.issuer.kept()
            state.file_version = self._store.version(state.name)

    def _granted(self, state: TokenState, purpose: Purpose, grant: Grant) -> None:
        now = self._now()
        state.held[purpose] = HeldToken(grant.token, now, now + grant.life * _RENEW_AT, now + grant.life)
        state.scopes = tuple(dict.fromkeys((*state.scopes, *grant.scopes)))
        state.failure, state.failures, state.again_at = None, 0, 0.0
        if not grant.cached:
            state.refreshed_at = self._clock()

    def _failed(self, state: TokenState, failure: TryLater) -> None:
        failure.cure = _with_name(failure.cure, state.name)
        state.failure, state.failures = failure, state.failures + 1
        pause = min(_FIRST_PAUSE * 2.0 ** (state.failures - 1), _LONGEST_PAUSE)
        if isinstance(failure, OAuthFault) and failure.dead:
            pause = _DEAD_PAUSE
        if failure.retry_after is not None:
            pause = max(pause, min(failure.retry_after, RETRY_AFTER_CAP))
        state.again_at = self._now() + pause
        failure.retry_after = pause

    def _read_changes(self, state: TokenState) -> None:
        """Reads a new secret or token file, and then retries at once in spite of earlier failures."""
        try:
            credential = fingerprint_of(state.application)
        except TryLater:
            state.credential = ""  # once it can be read again, that is a change
            raise
        if credential != state.credential:
            state.issuer.drop()
            state.credential, state.again_at = credential, 0.0
        version = self._store.version(state.name)
        if version != state.file_version and not state.application.app_only:
            self._load(state, version)
            state.file_version, state.again_at = version, 0.0

    def _load(self, state: TokenState, version: int) -> None:
        tokens = self._store.read(state.name)
        if tokens is None:
            return
        try:
            state.issuer.load(tokens)
        except ValueError:
            detail = f"{self._store.path(state.name)} holds those of another provider"
            raise own_fault("token_file", detail, step="token store") from None
        if state.refreshed_at is None:
            state.refreshed_at = version / 1e9  # nanoseconds: written when last refreshed


def _with_name(cure: str, name: str) -> str:
    """The cure with the application's own name in its commands."""
    return cure.replace("authorize NAME", f"authorize {name}")


def _with_pause(failure: TryLater, seconds: float) -> TryLater:
    """The same failure, which may be retried in `seconds`."""
    failure.retry_after = seconds
    return failure
