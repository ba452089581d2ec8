"""What all requests to the control socket share: the handlers, the access rules, limits, threads.

Made by `api.server`; `api.request` carries out each request with it.
"""

import asyncio
from collections.abc import Callable

from flexmaild.api.call import Handlers
from flexmaild.api.limits import Limits, Quota
from flexmaild.core.access import Access
from flexmaild.system.peer_credentials import Peer
from flexmaild.system.pool import Pool

# Threads for what only looks, for what changes something, for what talks to servers, for
# files that come, and for names of users.
# They are apart so that a store that takes no changes can be looked at, and slow servers hold up no other.
LOOKING, CHANGING, PROBING, FILING, NAMING = 4, 8, 4, 4, 2

OnRequest = Callable[[str, str, Peer, float], None]
OnRefused = Callable[[str, str, int], None]


class Application:
    """access: who may do what; replaced whole at a reload.

    on_request(command, result, peer, seconds) is called before the caller has the answer, so that no count is
    behind what a caller knows; `command` is one of `routes.COMMANDS`, `result` one of `routes.RESULTS`.
    on_refused(command, why, uid) is called in its place for what may come as a flood: there was no room, or
    it was no request. on_crash(error): a bug.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        access: Access,
        on_request: OnRequest,
        on_refused: OnRefused,
        on_crash: Callable[[BaseException], None],
        limits: Limits,
    ) -> None:
        self.access = access
        self.handlers = handlers
        self.on_request = on_request
        self.on_refused = on_refused
        self.on_crash = on_crash
        self.limits = limits
        self.looking, self.changing = Pool("api-looks", LOOKING), Pool("api-changes", CHANGING)
        self.probing, self.filing = Pool("api-probes", PROBING), Pool("api-files", FILING)
        self.naming = Pool("api-names", NAMING)
        self.work = Quota("requests", limits.in_work, limits.in_work_per_user)
        self.probes = Quota("commands that talk to servers", limits.in_work, limits.probing_per_user)
        self.waiting = Quota("waiting callers", limits.waiting, limits.waiting_per_user)
        self.body_bytes = Quota("large requests", limits.bodies_bytes, limits.bodies_bytes_per_user)
        self.stopping = asyncio.Event()

    async def stop(self) -> None:
        """Answer waiting callers and accept no further requests; those in work go on."""
        self.stopping.set()

    def close(self) -> None:
        """End the threads, when no request is in work."""
        for pool in (self.looking, self.changing, self.probing, self.filing, self.naming):
            pool.close()
