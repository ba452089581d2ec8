"""The running daemon: the written order in which its parts start and stop.

Assembled by `daemon.assembly`, run by `daemon.main`.
"""

import os
from dataclasses import dataclass

import structlog

from flexmaild import __version__
from flexmaild.daemon.listeners import Listeners
from flexmaild.daemon.reload import take_in_force
from flexmaild.daemon.supervisor import Supervisor
from flexmaild.engine import due
from flexmaild.engine.services import Services
from flexmaild.engine.timers import Timers
from flexmaild.system.deadline import Deadline
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")

# Work in hand at the end: a mail is sent or a batch committed in less; the rest waits in the store.
_STOP_SECONDS = 20.0


@dataclass(slots=True)
class Daemon:
    """All parts; `serve` starts them, supervises them and stops them."""

    services: Services
    timers: Timers
    listeners: Listeners
    supervisor: Supervisor
    manager: Manager

    def serve(self) -> int:
        """Run until a signal or a fault ends it; returns the exit status."""
        services, components = self.services, self.services.components
        take_in_force(services, components)
        services.metrics.settings_in_force(ok=True, at=services.store.now().timestamp())
        for warning in components.settings.warnings():
            _log.warning("settings", warning=warning)
        components.start()
        self.services.uploads.begin_anew()
        self.listeners.bind_metrics()
        self.timers.start()
        self.timers.soon(services.look_for_missing_sinks)
        self.timers.soon(services.count)
        self.timers.soon(lambda: due.find_damage(services))
        self.timers.soon(lambda: due.check_borders(services))
        components.poll_when_due()
        self.listeners.start()
        file = str(components.settings_file)
        _log.info("started", version=__version__, settings=file, pid=os.getpid())
        self.manager.ready("running")
        status = self.supervisor.run()
        self._leave()
        if self.services.store.busy_since is not None:  # a thread that hangs would keep the process
            self.services.logs.close()
            os._exit(status)
        return status

    def _leave(self) -> None:
        """Finish what is in hand, keep the rest: `kill -9` at any point of this is as good."""
        self.manager.stopping()
        self.services.sign_ins.stop()
        threads = [self.timers, *self.services.components.threads()]
        for thread in threads:
            thread.stop()
        deadline = Deadline.after(_STOP_SECONDS)
        for thread in threads:
            thread.join(deadline.left)
        self.listeners.close()
        self.services.store.close()
        _log.info("stopped")
