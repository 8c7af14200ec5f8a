"""The judge of POSIX-only calls finds them, and finds none here."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("posix_only", ROOT / ".ci" / "posix_only.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_posix_call_of_ours_has_a_twin(judge: ModuleType) -> None:
    assert judge.faults([ROOT / tree for tree in judge.TREES], ROOT, judge.TWINS) == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import os\nos.fork()", "fork"),
        ("import os\nos.killpg(1, 9)", "killpg"),
        ("import os\nos.getuid()", "getuid"),
        ("import os\nos.setsid()", "setsid"),
        ("import os\nos.kill(1, 9)", "kill"),
        ("import os\nos.rename('a', 'b')", "rename"),
        ("from pathlib import Path\nPath('a').rename('b')", "rename"),
        ("from pathlib import Path\nPath('a').chmod(0o600)", "chmod"),
        ("from pathlib import Path\nPath('a').mkdir(mode=0o700)", "mkdir mode"),
        ("import signal\nsignal.SIGKILL", "SIGKILL"),
        ("from signal import SIGHUP", "SIGHUP"),
        ("import fcntl", "fcntl"),
        ("from resource import getrlimit", "resource"),
        ("def f():\n    import pwd", "pwd"),
        ("loop.add_signal_handler(2, f)", "add_signal_handler"),
        ("import subprocess\nsubprocess.Popen([], preexec_fn=f)", "preexec_fn"),
        ("flags = {'start_new_session': True}", "start_new_session"),
        ("open('/dev/null')", "/dev/null"),
        ("open('/proc/self/stat')", "/proc/self/stat"),
        ("day.strftime('%-d')", "strftime %-"),
    ],
)
def test_what_windows_lacks_is_found(judge: ModuleType, tmp_path: Path, source: str, what: str) -> None:
    (tmp_path / "one.py").write_text(source)
    (fault,) = judge.faults([tmp_path], tmp_path, {})
    assert f": {what} is POSIX's" in fault
    assert judge.faults([tmp_path], tmp_path, {"one.py": {what: "a twin"}}) == []


@pytest.mark.parametrize(
    "source",
    ['"""Not /dev/null: a docstring."""', "process.kill()", "path.replace('b')", "'%-10s' % x", "'/api/x'"],
)
def test_what_windows_has_is_left_alone(judge: ModuleType, tmp_path: Path, source: str) -> None:
    (tmp_path / "one.py").write_text(source)
    assert judge.faults([tmp_path], tmp_path, {}) == []


def test_a_twin_that_nothing_needs_is_named(judge: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import os")
    (fault,) = judge.faults([tmp_path], tmp_path, {"one.py": {"fork": "a twin"}})
    assert "not used any more" in fault
