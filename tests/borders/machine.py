"""A machine of its own for one border: mount, network and process namespaces over this machine's files.

The unpacked packages lie over /usr, /etc and /var as if they were installed, the network has the addresses
of the invented world, and with the first process everything in it ends. Needs root and `unshare`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.borders.names import ADDRESSES, NameServer, reachable

_ACCOUNTS = ("opendkim", "opendmarc", "dkimpy-milter", "_rspamd", "Debian-exim", "opensmtpd", "opensmtpq")
MAIL_UID = 5000
PATIENCE = 60.0


def inside(border: str, tree: Path, result: Path, bare: bool) -> subprocess.CompletedProcess[str]:
    """Run `tests.borders.inside` for this border on such a machine; its mails come to `result`.

    bare: without the lines that strip what senders bring along.
    """
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command += [
        sys.executable,
        "-m",
        "tests.borders.inside",
        border,
        str(tree),
        str(result),
        "bare" if bare else "",
    ]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)


@contextmanager
def furnished(tree: Path) -> Iterator[None]:
    """Called inside: lay the packages over the machine's files and bring the network and its names up."""
    with tempfile.TemporaryDirectory(prefix="fm-border-", dir="/tmp") as scratch:
        _run("mount", "-t", "tmpfs", "tmpfs", scratch)
        try:
            for name in ("usr", "etc", "var"):
                upper, work = Path(scratch, name), Path(scratch, f"{name}.work")
                upper.mkdir()
                work.mkdir()
                lower = f"lowerdir={tree / name}:/{name},upperdir={upper},workdir={work}"
                _run("mount", "-t", "overlay", "overlay", "-o", lower, f"/{name}")
            _run("mount", "-t", "tmpfs", "tmpfs", "/run")
            _people()
            _run("ldconfig")
            _run("ip", "link", "set", "lo", "up")
            for address in ADDRESSES:
                _run("ip", "address", "add", f"{address}/32", "dev", "lo")
            names = NameServer()
            yield
            names.close()
        finally:
            # Lazily: the servers end with this process only.
            for name in ("/run", "/var", "/etc", "/usr", scratch):
                subprocess.run(["umount", "-l", name], check=False)


def write(files: Mapping[str, str]) -> None:
    """Files as their servers want them; Postfix sleeps until its own are over a second old."""
    for path, text in files.items():
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (time.time() - 60,) * 2)


def directory(path: str, user: str = "root", mode: int = 0o755) -> str:
    """A directory of this user, who need not exist anywhere but here."""
    uid = 0 if user == "root" else MAIL_UID if user == "mail" else _uid(user)
    Path(path).mkdir(parents=True, exist_ok=True)
    os.chown(path, uid, uid)
    Path(path).chmod(mode)
    return path


def start(*command: str, ready: tuple[str, int] | None = None) -> subprocess.Popen[bytes]:
    """A server in the foreground. With `ready`, wait until it listens there."""
    with Path("/var/log/border").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    if ready:
        until(lambda: process.poll() is not None or reachable(*ready), f"{command[0]} on {ready}")
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}\n{logs()}")
    return process


def until(look: Callable[[], object], what: str) -> None:
    """Wait until `look` finds something."""
    end = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > end:
            raise RuntimeError(f"never came: {what}\n{logs()}")
        time.sleep(0.02)


def logs() -> str:
    """The ends of what all servers said."""
    files = [
        path for path in (Path("/var/log/border"), *Path("/var/log/borders").glob("*")) if path.is_file()
    ]
    return "\n".join(f"== {path}\n{path.read_text(errors='replace')[-6000:]}" for path in files)


def _people() -> None:
    """The accounts that the packages' scripts would have made."""
    passwd, group, shadow = Path("/etc/passwd"), Path("/etc/group"), Path("/etc/shadow")
    known = {line.split(":")[0] for line in passwd.read_text().splitlines()}
    for number, name in enumerate((*_ACCOUNTS, "mallory", "alice"), 45000):
        if name not in known:
            with passwd.open("a") as people:
                people.write(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n")
            with group.open("a") as groups:
                groups.write(f"{name}:x:{number}:\n")
            with shadow.open("a") as secrets:
                secrets.write(f"{name}:*:19000:0:99999:7:::\n")
    Path("/etc/resolv.conf").unlink(missing_ok=True)
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    Path("/etc/hosts").write_text("127.0.0.1 localhost\n")
    Path("/etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    Path("/etc/hostname").write_text("mail.example.test\n")
    directory("/var/log/borders", mode=0o777)
    directory("/var/mail/replies", "mail")


def _uid(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_uid


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
