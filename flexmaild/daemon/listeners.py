"""The listeners: metrics endpoint and control socket, opened at the start and adjusted by a reload."""

import socket
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from flexmaild.api.call import Handlers
from flexmaild.api.limits import Limits
from flexmaild.api.monitoring import ROOM, MonitoringApplication
from flexmaild.api.server import ControlServer
from flexmaild.core.access import Access
from flexmaild.core.errors import GiveUp
from flexmaild.net.http_server import EventLoop, HttpServer
from flexmaild.net.listen import ListenAddress, Listening, bind, listen
from flexmaild.net.listen_tcp import address_of, listen_tcp
from flexmaild.observe.conditions import socket_gone
from flexmaild.observe.health import Health
from flexmaild.observe.incidents import Condition, Incident
from flexmaild.observe.metrics import Metrics
from flexmaild.settings.schema import Settings
from flexmaild.system.peer_credentials import Peer

# Seconds between two lines of the journal on refused requests.
_LOG_EVERY = 60.0

_log = structlog.get_logger("flexmaild")


class Listeners:
    """`close` ends both. A metrics address that cannot be bound stops nothing: `bind_metrics` retries, and
    `look_at_control` binds a removed control socket again; timers and reload call them, in their
    threads."""

    def __init__(self, metrics: Metrics, look: Callable[[], Sequence[Incident]], health: Health) -> None:
        self._metrics = metrics
        self._health = health
        self._changing = threading.RLock()
        self._limits = Limits()
        self._refusals = _Refusals()
        self._loop = EventLoop("http", self._crashed)
        self._watch = MonitoringApplication(metrics, look, self._watch_crashed)
        self._watched: HttpServer | None = None
        self._control: ControlServer | None = None
        self._bind: Callable[[], Listening]
        self._listen = self._wanted = ""

    def open(self, settings: Settings, handlers: Handlers, limits: Limits) -> None:
        """Raises GiveUp when the control socket cannot be bound."""
        self._limits = limits
        self._loop.start()
        control = settings.control
        place = ListenAddress(control.socket, control.mode, control.group)
        self._bind = lambda: _bound(bind(place))
        self._control = ControlServer(
            self._loop,
            _bound(listen(place)),
            handlers,
            access=_access(settings),
            on_request=self._requested,
            on_refused=self._refused,
            on_crash=self._crashed,
            limits=limits,
        )
        self._wanted = settings.metrics.listen

    def start(self) -> None:
        if self._control is not None:
            self._control.start()

    def look_at_control(self) -> None:
        """Bind the control socket again where its file was removed or replaced."""
        with self._changing:
            self._health.socket_gone = self._socket_gone()

    def _socket_gone(self) -> Condition | None:
        """Why the control socket cannot be reached; None where it exists, or was bound again."""
        if self._control is None or self._control.listening.is_there():
            return None
        path = self._control.listening.path
        if not self._control.listening.is_ours:
            cure = "`systemctl restart flexmaild.socket flexmaild.service` makes it anew."
            return socket_gone(f"{path}, made by systemd, is gone", cure)
        try:
            self._control.listen_at(self._bind)
        except GiveUp as fault:
            return socket_gone(f"{path}: {fault.text}", f"{fault.cure} It is tried again every ten seconds.")
        except OSError as fault:
            return socket_gone(str(fault), "Give the path back to it; it is tried again every ten seconds.")
        _log.warning("the control socket's file was gone and is bound again", path=str(path))
        return None

    def bind_metrics(self) -> None:
        """Bind the configured metrics address if it is not bound: an address that was in use may be free."""
        with self._changing:
            try:
                self._replace(self._wanted)()
            except GiveUp as fault:
                self._health.metrics_fault = str(fault)
            else:
                self._health.metrics_fault = ""

    def _replace(self, listen: str) -> Callable[[], None]:
        """Bind this metrics address now; the returned function closes the old one. Raises GiveUp."""
        if listen == self._listen:
            return lambda: None
        listener = listen_tcp(listen) if listen else None

        def put_in_force() -> None:
            old, self._watched, self._listen = self._watched, self._serve_watch(listener), listen
            if old is not None:
                old.close(grace=0.0)
            _log.info("metrics", listen=address_of(listener) if listener else "off")

        return put_in_force

    def _serve_watch(self, listener: socket.socket | None) -> HttpServer | None:
        if listener is None:
            return None
        served = HttpServer(
            self._loop,
            listener,
            self._watch,
            room=ROOM,
            limits=self._limits.connection,
            refused=lambda _, why: self._refusals.tell("metrics", why),
        )
        served.start()
        return served

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Bind a changed metrics address now; the returned function applies it, and the access lists.
        Raises GiveUp, but not for an unchanged address that could not be bound before."""
        is_changed = settings.metrics.listen != self._wanted
        bound = self._replace(settings.metrics.listen) if is_changed else lambda: None

        def put_in_force() -> None:
            with self._changing:
                bound()
                self._wanted = settings.metrics.listen
                self.bind_metrics()
                self.look_at_control()
            if self._control is not None:
                self._control.set_access(_access(settings))

        return put_in_force

    def close(self) -> None:
        with self._changing:
            control, self._control = self._control, None  # nothing binds it again
        if control is not None:
            control.close()
        if self._watched is not None:
            self._watched.close(grace=0.0)
        self._watch.close()
        self._loop.close()

    def _requested(self, command: str, result: str, peer: Peer, seconds: float) -> None:
        self._metrics.control_request(command, result)
        say = _log.debug if result == "ok" and command in ("status", "approval.show") else _log.info
        say(
            "control", command=command, result=result, user=peer.user, pid=peer.pid, seconds=round(seconds, 3)
        )

    def _refused(self, command: str, why: str, uid: int) -> None:
        self._metrics.control_request(command, "refused")
        self._refusals.tell("control", why, uid)

    def _crashed(self, error: BaseException) -> None:
        self._metrics.unhandled("control")
        _log.error("bug in the control socket", exc_info=error)

    def _watch_crashed(self, error: BaseException) -> None:
        self._metrics.unhandled("metrics")
        _log.error("bug in the metrics listener", exc_info=error)


class _Refusals:
    """Logs refused requests at most once a minute, so that a flood does not fill the log. For one thread."""

    def __init__(self) -> None:
        self._count, self._told_at = 0, -_LOG_EVERY

    def tell(self, where: str, why: str, uid: int | None = None) -> None:
        self._count += 1
        if time.monotonic() - self._told_at >= _LOG_EVERY:
            _log.warning("requests refused", at=where, why=why, uid=uid, count=self._count)
            self._count, self._told_at = 0, time.monotonic()


def _bound(listening: Listening) -> Listening:
    for warning in listening.warnings:
        _log.warning("control socket", warning=warning)
    return listening


def _access(settings: Settings) -> Access:
    return Access(admins=settings.control.admins, readers=settings.control.readers)
