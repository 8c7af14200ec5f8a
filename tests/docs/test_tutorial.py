"""A newcomer's transcript: a fresh clone, a fresh environment, every block of the tutorial in its order."""

import subprocess
from pathlib import Path

from tests.docs.conftest import Tell
from tests.docs.pages import ROOT, TUTORIAL, name_of
from tests.docs.terminal import Terminal, play


def test_a_newcomer_gets_from_a_fresh_clone_to_the_end_of_the_tutorial(tmp_path: Path, tell: Tell) -> None:
    clone = tmp_path / "zepix"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True, timeout=60)
    with Terminal(clone, tmp_path / "home", always=False) as terminal:
        count = play(TUTORIAL, terminal, clone)
    assert count > 10
    tell(f"{name_of(TUTORIAL)}: {count} commands run in a fresh clone")
