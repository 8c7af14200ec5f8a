"""A plugin that carries out the examples of a page inside ``on_alert``, on the real ServiceAPI."""

import ast
import inspect
import json
import traceback
from pathlib import Path
from typing import Any

NAME = "zepix-docs-runner"
SOURCE = '''
import json
from pathlib import Path

from tests.docs.runner import carry_out
from zepix_core import AlertClass, Capability, Decision, LogicPlugin, Verdict, hookimpl


class Runner(LogicPlugin):
    """Runs the blocks that stand beside it."""

    name = "Runner"
    alerts = {"docs": AlertClass.ENTRY}
    capabilities = frozenset(Capability)

    @hookimpl
    async def on_alert(self, alert, api):
        blocks = json.loads(Path(__file__).with_name("blocks.json").read_text("utf-8"))
        ran, error = await carry_out(blocks, api)
        verdict = Verdict.REJECTED if error else Verdict.ACTED
        reason = "example_failed" if error else None
        return Decision(verdict=verdict, action="run", reason=reason, data={"ran": ran, "error": error})
'''


def install(site: Path, blocks: list[tuple[str, str]]) -> None:
    """Put the plugin's distribution into a folder, with (place, code) of what it is to run."""
    site.mkdir()
    (site / "zepix_docs_runner.py").write_text(SOURCE, "utf-8")
    (site / "blocks.json").write_text(json.dumps(blocks), "utf-8")
    info = site / "zepix_docs_runner-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zepix.plugins]\ndocs = zepix_docs_runner:Runner\n")
    (info / "RECORD").write_text("zepix_docs_runner.py,,\n")


async def carry_out(blocks: list[tuple[str, str]], api: Any) -> tuple[int, str]:
    """Run blocks that may await, one after the other in one namespace; how many ran, and the first error."""
    names: dict[str, Any] = {"api": api}
    for count, (place, code) in enumerate(blocks):
        try:
            compiled = compile(code, place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            done = eval(compiled, names)  # noqa: S307 (our own pages)
            if inspect.isawaitable(done):
                await done
        except Exception:
            return count, f"{place}: {traceback.format_exc()}"
    return len(blocks), ""
