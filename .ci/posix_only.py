"""What Windows lacks, or does differently, stands only where a twin stands beside it.

``python .ci/posix_only.py [folder …]`` reads every Python file of the source trees and names each use of
something POSIX-only outside `TWINS`, and each line of `TWINS` that nothing needs any more.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = (
    "zepix_core/src",
    "zepix_plugins_v3/src",
    "zepix_plugins_v6/src",
    "examples/zepix-bracket/src",
)
CORE = "zepix_core/src/zepix_core"
TWINS: dict[str, dict[str, str]] = {
    f"{CORE}/cli/ports.py": {"SO_REUSEADDR": "not set on Windows, where it would share the port"},
    f"{CORE}/cli/run.py": {"resource": "no core dumps there to switch off"},
    f"{CORE}/cli/supervise.py": {"start_new_session": "CREATE_NEW_PROCESS_GROUP, CTRL_BREAK_EVENT"},
    f"{CORE}/config/atomic.py": {
        "chmod": "the read-only flag alone; the folder's rights count",
        "S_IMODE": "kept as it was, whatever it says",
    },
    f"{CORE}/config/secrets.py": {"S_IMODE": "not looked at on Windows; the folder's rights count"},
    f"{CORE}/config/home.py": {"mkdir mode": "ignored; the user's folder is private"},
    f"{CORE}/lifeline.py": {"add_signal_handler": "signal.signal, SIGBREAK"},
    f"{CORE}/journal/restoring.py": {"mkdir mode": "ignored; the user's folder is private"},
    f"{CORE}/storage/backup.py": {"mkdir mode": "ignored; the user's folder is private"},
    f"{CORE}/testing/process.py": {"start_new_session": "ignored; tests end the host alone"},
    f"{CORE}/testing/simulator/home.py": {"/dev/shm": "a folder on the disk"},  # noqa: S108 (a name)
    f"{CORE}/watchdog.py": {"AF_UNIX": "nothing is sent; systemd is Linux's"},
    f"{CORE}/web/api.py": {"SO_REUSEADDR": "SO_EXCLUSIVEADDRUSE"},
    f"{CORE}/wire/child.py": {
        "resource": "no core dumps there to switch off",
        "prctl": "the host's Job Object ends its children",
        "CDLL": "the host's Job Object ends its children",
    },
    f"{CORE}/wire/holder.py": {
        "killpg": "psutil ends the tree",
        "getpgid": "psutil ends the tree",
        "SIGKILL": "psutil ends the tree",
        "kill": "psutil ends the tree",
    },
    f"{CORE}/wire/process.py": {"start_new_session": "CREATE_NEW_PROCESS_GROUP and a Job Object"},
}
"""File: what it uses, and what Windows gets instead."""

MODULES = frozenset({"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"})
NAMES = frozenset(
    {
        *(
            "fork",
            "forkpty",
            "killpg",
            "getpgid",
            "setpgid",
            "setpgrp",
            "setsid",
            "getuid",
            "geteuid",
            "getgid",
        ),
        *("getegid", "setuid", "setgid", "chown", "lchown", "fchmod", "fchown", "chroot", "mkfifo", "mknod"),
        *("umask", "nice", "sysconf", "statvfs", "getloadavg", "sched_setaffinity", "posix_spawn", "openpty"),
        *(
            "waitid",
            "wait3",
            "wait4",
            "WNOHANG",
            "WIFEXITED",
            "O_NOFOLLOW",
            "O_DIRECTORY",
            "O_CLOEXEC",
            "pipe2",
        ),
        *("SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGCHLD", "SIGALRM", "SIGSTOP", "SIGCONT"),
        *("setitimer", "alarm", "pthread_sigmask", "pthread_kill", "sigwait", "add_signal_handler"),
        *("remove_signal_handler", "create_unix_server", "open_unix_connection", "start_unix_server"),
        *(
            "create_unix_connection",
            "AF_UNIX",
            "SO_REUSEADDR",
            "SO_REUSEPORT",
            "socketpair",
            "epoll",
            "tzset",
        ),
        *("add_reader", "add_writer", "connect_read_pipe", "connect_write_pipe", "S_IMODE", "prctl", "CDLL"),
    }
)
METHODS = frozenset({"chmod", "kill", "rename", "symlink_to", "hardlink_to", "symlink", "link"})
"""Flagged when called on ``os`` (``os.kill``) or, but for ``kill``, on any object (``Path.rename``)."""
KEYWORDS = frozenset({"preexec_fn", "start_new_session", "process_group", "pass_fds", "umask", "dir_fd"})
PLACES = re.compile(r"^/(dev|proc|sys|tmp|etc|var|usr|bin|home)(/|$)")
STRFTIME = re.compile(r"%-[dHIjmMSyU](?![A-Za-z0-9])")


def uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that is POSIX's."""
    texts = _docstrings(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import):
            yield from (
                (line, name) for alias in node.names if (name := alias.name.partition(".")[0]) in MODULES
            )
        elif isinstance(node, ast.ImportFrom):
            if node.module in MODULES:
                yield line, str(node.module)
            yield from ((line, alias.name) for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.Attribute):
            if node.attr in NAMES:
                yield line, node.attr
        elif isinstance(node, ast.Call):
            yield from ((line, name) for name in _called(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            if PLACES.match(node.value) or node.value in KEYWORDS:
                yield line, node.value
            elif STRFTIME.search(node.value):
                yield line, "strftime %-"


def _called(node: ast.Call) -> Iterator[str]:
    yield from (word.arg for word in node.keywords if word.arg in KEYWORDS)
    if not isinstance(node.func, ast.Attribute):
        return
    name = node.func.attr
    on_os = isinstance(node.func.value, ast.Name) and node.func.value.id == "os"
    if name in METHODS and (on_os or name != "kill"):
        yield name
    if name in ("mkdir", "makedirs") and any(word.arg == "mode" for word in node.keywords):
        yield "mkdir mode"


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def faults(folders: list[Path], root: Path, twins: dict[str, dict[str, str]]) -> list[str]:
    """What stands where it has no twin, and what twins are named for nothing."""
    found: list[str] = []
    needed: dict[str, set[str]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            for line, what in uses(ast.parse(path.read_text("utf-8"), name)):
                needed.setdefault(name, set()).add(what)
                if what not in twins.get(name, {}):
                    found.append(f"{name}:{line}: {what} is POSIX's and has no twin here (.ci/posix_only.py)")
    for name, whats in twins.items():
        unused = set(whats) - needed.get(name, set())
        found += [
            f"{name}: {what} is not used any more; take it out of .ci/posix_only.py"
            for what in sorted(unused)
        ]
    return found


def main() -> int:
    """Print every fault; 1 when there is one."""
    found = faults([ROOT / tree for tree in TREES], ROOT, TWINS)
    for fault in found:
        print(fault)
    if not found:
        print(f"nothing POSIX-only without its twin; {sum(map(len, TWINS.values()))} uses have one")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
