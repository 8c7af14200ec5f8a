"""Every block of Python, TOML and JSON is what the program understands."""

import inspect
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pluggy
import pytest

import zepix_core
from tests.docs import runner
from tests.docs.conftest import Tell
from tests.docs.contract_checks import methods
from tests.docs.pages import DOCS, PAGES, Block, blocks, blocks_of, name_of, read
from zepix_bracket.config import BracketConfig
from zepix_core import LogicPlugin, PluginConfig, hookspecs
from zepix_core.broker.paper.symbols import KNOWN
from zepix_core.config.files import load_settings
from zepix_core.config.home import Home
from zepix_core.config.plugin_files import plugin_values
from zepix_core.config.secrets import Secret, save_env
from zepix_core.config.structure import structure
from zepix_core.inbox.admission import Screened, screen
from zepix_core.services import registry, worker_old, worker_orders
from zepix_core.storage import plugin_database, trends
from zepix_core.testing.host import PaperHost
from zepix_core.testing.process import RunningHost
from zepix_plugins_v3.config import V3Config
from zepix_plugins_v6.profiles import PROFILES

API = DOCS / "reference/api.md"
PYTHON = [block for block in blocks_of("python") if block.page != API]
TOML = list(blocks_of("toml"))
JSON = list(blocks_of("json"))
KINDS = {"buy", "sell", "close", "entry_v3", "exit_v3", "squeeze_v3", "trend_pulse_v3"}
MODELS: dict[str, type[PluginConfig]] = {
    "bracket": BracketConfig,
    "combined_v3": V3Config,
    **{profile.id: profile.config for profile in PROFILES},
}


def place(block: Block) -> str:
    return block.place


def names() -> dict[str, Any]:
    """What examples may use without importing it: the public names, and those that signatures name."""
    found: dict[str, Any] = {}
    for module in (registry, worker_old, worker_orders, plugin_database, trends):
        found |= vars(module)
    for _, function in methods():
        found |= function.__globals__
    return found | {name: getattr(zepix_core, name) for name in zepix_core.__all__} | {"__name__": "example"}


@pytest.mark.parametrize("block", PYTHON, ids=place)
async def test_the_python_block_at(block: Block, tmp_path: Path) -> None:
    """It runs; a plugin fits the hooks, a test passes."""
    space = names()
    before = dict(space)
    exec(compile(block.code, block.place, "exec"), space)  # noqa: S102 (our own pages)
    new = {name: value for name, value in space.items() if before.get(name) is not value}
    for value in new.values():
        if isinstance(value, type) and issubclass(value, LogicPlugin) and value is not LogicPlugin:
            check_plugin(value)
        if inspect.iscoroutinefunction(value) and value.__name__.startswith("test_"):
            await value(make_paper_host(tmp_path / value.__name__))
        elif inspect.isfunction(value) and value.__name__.startswith("test_"):
            run_with_host(value, tmp_path / value.__name__)


def check_plugin(kind: type[LogicPlugin]) -> None:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(kind())
    manager.check_pending()
    assert manager.get_hookcallers(manager.get_plugins().pop())


def make_paper_host(folder: Path) -> Callable[..., PaperHost]:
    return lambda **options: PaperHost(folder / "home", **options)


def run_with_host(test: Callable[..., None], folder: Path) -> None:
    host = RunningHost(folder / "running")
    try:
        test(lambda: host)
    finally:
        if host.alive:
            host.stop()


async def test_the_examples_of_the_api_run_in_their_order_on_a_real_host(tmp_path: Path, tell: Tell) -> None:
    space = names()
    wanted: list[tuple[str, str]] = []
    for block in blocks(API):
        if re.match(r"(?:async )?def \w+\([^`]*: \.\.\.$", block.code.strip(), re.DOTALL):
            exec(compile(block.code, block.place, "exec"), dict(space))  # noqa: S102 (our own pages)
        else:
            wanted.append((block.place, block.code))
    assert len(wanted) == len(list(methods()))
    runner.install(tmp_path / "site", wanted)
    host = PaperHost(
        tmp_path / "home",
        only=(runner.NAME,),
        paths=(str(tmp_path / "site"),),
    )
    async with host as paper:
        await paper.advance(2)
        await paper.post('{"type": "docs", "symbol": "EURUSD"}')
        await paper.settled()
        story = await paper.story(1)
    decision = story.decisions["docs"]
    assert decision.data["error"] == ""
    assert decision.data["ran"] == len(wanted)
    tell(f"docs/reference/api.md: {len(wanted)} examples run on a real host")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_alerts_for_the_demo_market_carry_its_price(page: Path) -> None:
    """An alert's price becomes the paper market's: one far off would meet the stops of what is open."""
    alerts = re.findall(r'"symbol": "EURUSD"[^}]*?"price": ([\d.]+)', read(page))
    start = KNOWN["EURUSD"].start_bid
    assert [price for price in alerts if abs(float(price) / start - 1) > 0.002] == []


@pytest.mark.parametrize("block", TOML, ids=place)
def test_the_toml_block_at(block: Block, tmp_path: Path) -> None:
    """It is read as the program reads it: host, plugin, or a distribution's metadata."""
    told = tomllib.loads(block.code)
    if "project" in told:
        for target in told["project"]["entry-points"]["zepix.plugins"].values():
            assert re.fullmatch(r"[\w.]+:\w+", target)
        return
    home = Home(tmp_path / "home")
    home.create()
    if "plugin_id" in told or "settings" in told or "enabled" in told:
        plugin = told.get("plugin_id", "combined_v3")
        if plugin in MODELS:
            home.plugin_file(plugin).write_text(block.code, "utf-8")
            assert structure(plugin_values(home, plugin, {}), MODELS[plugin])
        return
    home.settings_file.write_text(block.code, "utf-8")
    names = re.findall(r"\$\{(\w+)\}", block.code)
    save_env(home.env, {name: Secret("https://example.org/value") for name in names})
    assert load_settings(home).settings is not None


@pytest.mark.parametrize("block", JSON, ids=place)
def test_the_json_block_at(block: Block) -> None:
    """An alert passes the door and has a plugin, its placeholders filled in as TradingView does."""
    told = json.loads(re.sub(r"\{\{[\w.]+\}\}", "1", block.code))
    if isinstance(told, dict) and told.keys() & {"action", "type"}:
        found = screen(json.dumps(told).encode(), frozenset())
        assert isinstance(found, Screened) and found.kind in KINDS


@pytest.mark.parametrize("block", PYTHON, ids=place)
def test_what_is_imported_from_the_core_is_public(block: Block) -> None:
    for listed in re.findall(r"^from zepix_core import \(?([\w, \n]+)\)?$", block.code, re.MULTILINE):
        for name in filter(None, (part.strip() for part in listed.split(","))):
            assert name in zepix_core.__all__
