"""One sign-in: start it, wait for it, and check the user and the scopes.

Used by `oauth.manager.TokenManager`, which keeps the result. It never touches the tokens in use: a wrong
sign-in changes nothing.
"""

import threading
from collections.abc import Callable

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.oauth import Purpose
from flexmaild.oauth.errors import own_fault
from flexmaild.oauth.grants import Authorization, Grant, Issuer, OAuthApplication, wanted_purposes
from flexmaild.oauth.loopback import Loopback
from flexmaild.oauth.scopes import missing

# Seconds between checks of a waiting browser sign-in whether to stop.
POLL_SECONDS = 0.5


class SignIn:
    """An authorisation from `begin` to its end; `shown` is what the user sees."""

    def __init__(self, name: str, application: OAuthApplication, issuer: Issuer, expected_user: str) -> None:
        self._application, self._issuer = application, issuer
        self._user = expected_user or application.user
        self._loopback = (
            Loopback(application.redirect_port) if application.flow == "authorization_code" else None
        )
        self._closed = threading.Event()
        wanted = wanted_purposes(application)
        self.purpose: Purpose = wanted[0]
        self._others = wanted[1:] if application.provider == "microsoft" else []
        try:
            redirect = self._loopback.address if self._loopback else ""
            self._pending = issuer.begin(self.purpose, self._user, redirect)
        except BaseException:
            self.close()
            raise
        p = self._pending
        self.shown = Authorization(name, application.flow, p.address, p.code, p.expires_in, self._user)

    def wait(
        self, stop: threading.Event, progress: Callable[[float], None], now: Callable[[], float]
    ) -> tuple[Issuer, Grant]:
        """The issuer with the new tokens, and the first of them. Raises `OAuthFault` for a wrong sign-in."""
        end = now() + self._pending.expires_in
        grant = None
        while grant is None:
            left = end - now()
            if left <= 0:
                raise own_fault("expired_token", step="authorise")
            if stop.is_set() or self._closed.is_set():
                text = "the authorisation was cancelled: flexmaild stopped, or it was restarted"
                cure = "Run `flexmailctl oauth authorize` again."
                raise GiveUp(Reason.CLIENT, text, step="authorise", cure=cure)
            progress(left)
            grant = self._poll(stop)
        self._check(grant)
        return self._issuer, grant

    def close(self) -> None:
        """Stops listening and waiting. May be called twice and from another thread."""
        self._closed.set()
        if self._loopback:
            loopback, self._loopback = self._loopback, None
            loopback.close()

    def _poll(self, stop: threading.Event) -> Grant | None:
        loopback = self._loopback
        if loopback:
            fields = loopback.take(POLL_SECONDS)
            return self._issuer.redeem(self._pending, fields) if fields else None
        stop.wait(self._pending.interval)
        try:
            return self._issuer.poll(self._pending)
        except TryLater as failure:
            if getattr(failure, "dead", False):
                raise
            return None

    def _check(self, grant: Grant) -> None:
        """Checks the account: in a shared browser, single sign-on silently signs in the administrator."""
        if self._user and grant.account.casefold() != self._user.casefold():
            detail = f"{grant.account or 'an account without a name'} instead of {self._user}"
            raise own_fault("wrong_user", detail, step="authorise")
        self._require(missing(self._application, self.purpose, grant))
        self._issuer.accept(self._pending)
        from flexmaild.oauth.google import Google  # late, as in oauth.state

        if isinstance(self._issuer, Google):
            self._issuer.adopt_account(grant.account)
        for purpose in self._others:
            self._require(missing(self._application, purpose, self._issuer.renew(purpose, force=False)))

    def _require(self, lacking: list[str]) -> None:
        if lacking:
            raise own_fault("missing_scope", ", ".join(lacking), step="authorise")
