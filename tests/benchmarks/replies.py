"""Replies per second: from Dovecot to committed decision to deleted mail, beside programs that only copy.

2,000 replies of about 6 kB, each to an open request of its own. flexmaild fetches, understands, decides,
commits (one fsync for many) and deletes; fetchmail writes them to a file, getmail6 to a Maildir, and a bare
imaplib loop throws them away. Then once more with 10 ms of round trip between client and server.
"""

import imaplib
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.stage import Seed, Servers, directory, running, seconds_of, seeded, servers
from tests.benchmarks.table import ratio, show
from tests.support.dovecot import User
from tests.support.proxy import Proxy

MAILS, ROUNDS = 2000, 3
# getmail6 takes 7 ms for each, and one run in eight stalls for three minutes: then it is given another try.
GETMAIL_MAILS, GETMAIL_TRIES = 500, 3
# The slow loop over the slow line is measured on fewer mails: it takes 30 ms for each.
FAR_LOOP_MAILS = 200
ONE_WAY = 0.005


def main(mails: int = MAILS, rounds: int = ROUNDS) -> None:
    with directory() as root, servers() as hosts:
        seed = seeded(root, mails)
        rates: dict[str, list[float]] = {name: [] for name in (*PROGRAMS, GETMAIL, FAR_OURS, FAR_LOOP)}
        for _ in range(rounds):
            for name, program in PROGRAMS.items():
                rates[name].append(_rate(program, hosts, root, seed))
            rates[GETMAIL].append(_getmail_rate(hosts, root, Seed(seed.state, seed.replies[:GETMAIL_MAILS])))
            rates[FAR_OURS].append(_rate(flexmaild, hosts, root, seed, ONE_WAY))
            few = Seed(seed.state, seed.replies[:FAR_LOOP_MAILS])
            rates[FAR_LOOP].append(_rate(imaplib_loop, hosts, root, few, ONE_WAY))
    size = sum(map(len, seed.replies)) / len(seed.replies)
    show(f"{mails} replies of {size:.0f} bytes from Dovecot (Maildir)", "/s", rates)
    ours = rates["flexmaild"]
    ratio("flexmaild / fetchmail", ours, rates["fetchmail to a file"], ">= 1")
    ratio("flexmaild / getmail6", ours, rates[GETMAIL], ">= 8")
    ratio("flexmaild / imaplib loop", ours, rates["imaplib, one by one"], "(none)")
    ratio("flexmaild / imaplib loop at 10 ms", rates[FAR_OURS], rates[FAR_LOOP], ">= 15")


Program = Callable[[Servers, User, int, Path, Seed], float]


def _rate(program: Program, hosts: Servers, root: Path, seed: Seed, one_way: float = 0.0) -> float:
    """Mails per second of this program on a mailbox of its own with the same mails."""
    user = hosts.dovecot.user()
    hosts.fill(user, [] if program is flexmaild else seed.replies)
    proxy = Proxy(hosts.dovecot.imap)
    proxy.one_way = one_way
    try:
        seconds = program(hosts, user, proxy.port if one_way else hosts.dovecot.imap, root, seed)
    finally:
        proxy.close()
    left = len(hosts.dovecot.subjects(user))
    assert left == 0, f"{left} mails were left in the folder"
    return len(seed.replies) / seconds


def _getmail_rate(hosts: Servers, root: Path, seed: Seed) -> float:
    for _ in range(GETMAIL_TRIES - 1):
        try:
            return _rate(getmail, hosts, root, seed)
        except AssertionError as stalled:
            print(f"getmail6 is given another try: {stalled}")
    return _rate(getmail, hosts, root, seed)


def flexmaild(hosts: Servers, user: User, port: int, root: Path, seed: Seed) -> float:
    """The running daemon, told to read its replies; confirmations leave through Postfix meanwhile."""
    settings = {"outgoing": hosts.outgoing(), "incoming": hosts.incoming(user, port)}
    with running(root, settings, seed.state) as daemon:
        daemon.process_replies()  # the poll of the start is over
        hosts.fill(user, seed.replies)
        seconds = seconds_of(daemon.process_replies)
        decided = daemon.call("status")["approvals"].get("approved", 0)
        assert decided == len(seed.replies), f"{decided} of {len(seed.replies)} were decided"
        daemon.settled()
    return seconds


def imaplib_loop(hosts: Servers, user: User, port: int, root: Path, seed: Seed) -> float:
    """What a first script does: for each mail FETCH, STORE, EXPUNGE."""

    def loop() -> None:
        client = imaplib.IMAP4("127.0.0.1", port)
        client.login(user.name, user.password)
        client.select("INBOX")
        for uid in client.uid("SEARCH", "ALL")[1][0].decode().split():
            client.uid("FETCH", uid, "(BODY.PEEK[])")
            client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
            client.expunge()
        client.logout()

    return seconds_of(loop)


def fetchmail(hosts: Servers, user: User, port: int, root: Path, seed: Seed) -> float:
    home = root / f"fetchmail-{user.name}"
    home.mkdir()
    settings = home / "rc"
    settings.write_text(
        f'poll 127.0.0.1 protocol IMAP port {port} auth password user "{user.name}"'
        f' password "{user.password}" sslproto "" fetchall nokeep bsmtp "{home / "mails"}"\n'
    )
    settings.chmod(0o600)
    command = ["fetchmail", "--silent", "--nodetach", "-f", str(settings)]
    return seconds_of(_run, command, {"FETCHMAILHOME": str(home), "LC_ALL": "C"})


def getmail(hosts: Servers, user: User, port: int, root: Path, seed: Seed) -> float:
    """As a user without rights, since getmail6 does not deliver as root."""
    home = root / f"getmail-{user.name}"
    for sub in ("cur", "new", "tmp"):
        (home / "mails" / sub).mkdir(parents=True)
    (home / "getmailrc").write_text(
        f"[retriever]\ntype = SimpleIMAPRetriever\nserver = 127.0.0.1\nport = {port}\n"
        f"username = {user.name}\npassword = {user.password}\n"
        f"[destination]\ntype = Maildir\npath = {home}/mails/\n"
        f"[options]\ndelete = true\nread_all = true\nverbose = 0\n"
    )
    nobody = pwd.getpwnam("nobody")
    subprocess.run(["chown", "-R", f"{nobody.pw_uid}:{nobody.pw_gid}", str(home)], check=True)
    root.chmod(0o755)
    command = ["getmail", "--quiet", f"--getmaildir={home}"]
    return seconds_of(_run, command, {"HOME": str(home), "LC_ALL": "C"}, nobody)


def _run(command: list[str], env: dict[str, str], user: pwd.struct_passwd | None = None) -> None:
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, timeout=300, check=False, **as_user
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout.decode()}{done.stderr.decode()}"


PROGRAMS: dict[str, Program] = {
    "flexmaild": flexmaild,
    "fetchmail to a file": fetchmail,
    "imaplib, one by one": imaplib_loop,
}
GETMAIL = "getmail6 to a Maildir"
FAR_OURS, FAR_LOOP = "flexmaild at 10 ms", "imaplib, one by one, at 10 ms"
