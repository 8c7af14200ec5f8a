"""A reader's terminal: runs the lines of `console` blocks one after the other on a home of their own."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import attrs

from tests.docs.pages import Block, blocks

RUN = re.compile(r"(?:\w+=\S+ )*zepix run\b")
PORTS = " --port 0 --api-port 0"
READY, SHOWN = "is ready", "That was the demo"
SCRIPT = """{command}
code=$?
pwd > "$TERMINAL/pwd"
env -0 > "$TERMINAL/env"
exit $code
"""


@attrs.frozen
class Line:
    """A command with the output the page shows."""

    command: str
    shown: str


def lines_of(block: Block) -> Iterator[Line]:
    """Lines after ``$ `` are commands; what follows one is its output."""
    first, *rest = re.split(r"^\$ ", block.code, flags=re.MULTILINE)
    if first.strip():
        raise ValueError(f"{block.place}: a console block starts with a command, not with {first!r}")
    for part in rest:
        command, _, shown = part.partition("\n")
        yield Line(command, shown.strip("\n"))


class Terminal:
    """One page's terminal. ``zepix run`` goes on in the background, as in another window.

    Args:
        folder: Where it starts; the home is `home` beside it.
        always: Write settings that keep the paper market open, so that the day does not matter.
    """

    def __init__(self, folder: Path, home: Path, *, always: bool = True) -> None:
        self._state = home.parent / "terminal"
        self._state.mkdir()
        self._folder = folder
        self._home = home
        self._host: subprocess.Popen[bytes] | None = None
        beside = str(Path(sys.executable).parent)
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZEPIX_", "TOX"))},
            "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
            "ZEPIX_HOME": str(home),
            "TERMINAL": str(self._state),
            "COLUMNS": "160",
            "NO_COLOR": "1",
            "PYTHONUTF8": "1",
        }
        if always:
            home.mkdir()
            (home / "zepix.toml").write_text("[paper]\nmarket_always_open = true\n")

    def run(self, command: str) -> tuple[int, str]:
        """Exit code and all output of a command."""
        if RUN.match(command):
            return 0, self.start(command)
        done = subprocess.run(
            ["bash", "-c", SCRIPT.format(command=command)],
            cwd=self._folder, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=120, check=False,
        )  # fmt: skip
        self._remember()
        if "alerts send" in command:
            self._settle()
        return done.returncode, done.stdout.decode("utf-8", "replace").strip("\n")

    def start(self, command: str = "zepix run") -> str:
        """Start a host, in place of the one that runs; returns what it printed until it was ready."""
        self.close()
        log = self._state / "run.log"
        with log.open("wb") as out:
            self._host = subprocess.Popen(
                ["bash", "-c", RUN.sub(lambda found: f"{_exec(found[0])}{PORTS}", command, count=1)],
                cwd=self._folder, env=self._env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        wanted = SHOWN if "--demo" in command else READY
        until = time.monotonic() + 60
        while wanted not in log.read_text("utf-8", "replace"):
            if self._host.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{command}: {log.read_text('utf-8', 'replace')[-3000:]}")
            time.sleep(0.05)
        return log.read_text("utf-8", "replace")

    def close(self) -> None:
        """Ctrl-C in the host's window."""
        if self._host is not None:
            self._host.terminate()
            self._host.wait(30)
            self._host = None

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _remember(self) -> None:
        """Where the command left the shell, and with which variables."""
        entries = (self._state / "env").read_bytes().decode().split("\0")
        pairs = (entry.partition("=") for entry in entries if "=" in entry)
        self._env = {name: value for name, _, value in pairs}
        self._folder = Path((self._state / "pwd").read_text().rstrip("\n"))

    def _settle(self) -> None:
        """A reader types more slowly than an alert is settled."""
        with closing(sqlite3.connect(f"file:{self._home}/data/journal.db?mode=ro", uri=True)) as journal:
            until = time.monotonic() + 20
            while journal.execute("SELECT count(*) FROM inbox WHERE state IN ('new', 'claimed')").fetchone()[
                0
            ]:
                if time.monotonic() > until:
                    raise AssertionError("an alert is not settled after 20 seconds")
                time.sleep(0.05)


def _exec(command: str) -> str:
    """The host in place of its shell, so that it gets the signals."""
    return command.replace("zepix run", "exec zepix run", 1)


def fits(shown: str, output: str) -> bool:
    """Whether output is what a page shows, in which ``...`` stands for anything."""
    want = "\n".join(line.rstrip() for line in shown.splitlines())
    have = "\n".join(line.rstrip() for line in output.splitlines())
    return re.fullmatch(re.escape(want).replace(r"\.\.\.", r"[\s\S]*?"), have) is not None


def expected_code(block: Block) -> int:
    """The exit code every command of the block must have."""
    mark = next((mark for mark in block.marks if mark.startswith("exit ")), "exit 0:")
    return int(mark.removeprefix("exit ").partition(":")[0])


def runs(block: Block) -> bool:
    """Whether it is run here: not what says why not, and not the two commands the build runs."""
    return not (block.marked("not run: ") or {"run", "test"} & set(block.marks))


def play(page: Path, terminal: Terminal, folder: Path) -> int:
    """Run a page from top to bottom; the number of commands."""
    count = 0
    for block in blocks(page):
        if block.title:
            file = folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code, "utf-8")
        if block.language != "console" or not runs(block):
            continue
        for line in lines_of(block):
            code, output = terminal.run(line.command)
            assert code == expected_code(block), f"{block.place}: {line.command} ended {code}:\n{output}"
            if not block.marked("output varies"):
                assert fits(line.shown, output), f"{block.place}: {line.command} printed\n{output}"
            count += 1
    return count
