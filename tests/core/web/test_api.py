"""The API port: who is let in, what it answers, what it does on a person's word."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest

from zepix_core.broker.paper.opening import open_paper
from zepix_core.broker.port import Broker
from zepix_core.clock import Clock, SystemClock
from zepix_core.config.home import Home
from zepix_core.config.secrets import token_hash
from zepix_core.config.settings import HostSettings
from zepix_core.errors import SettingsError
from zepix_core.journal.control import Locked
from zepix_core.model.books import BookKind, BookRow, BooksReport, Choice, Decided
from zepix_core.model.channel import ChannelAnswer, ChannelRow
from zepix_core.model.command import HumanCommand
from zepix_core.model.host import HostState, PluginRow
from zepix_core.model.limits import LimitRow
from zepix_core.model.order import CloseResult
from zepix_core.model.report import Report
from zepix_core.model.shadow import ShadowSwitch, shadow_switch
from zepix_core.plugins.implementation import HookMetrics
from zepix_core.storage.connection import Durability
from zepix_core.storage.executor import Executor, WriterThread
from zepix_core.web import api as api_module
from zepix_core.web.api import ApiServer

TOKEN = "t" * 43


class StandingHost:
    """A host that only stands there: a real journal, a real paper broker, and a note of what was asked."""

    def __init__(self, home: Home, journal: Executor, broker: Broker) -> None:
        self.home, self.journal, self.broker = home, journal, broker
        self.settings = HostSettings()
        self.clock: Clock = SystemClock()
        self.asked: list[tuple[str, ...]] = []
        self.noted: list[HumanCommand] = []
        self.ready = True
        self.locked = False

    def state(self) -> HostState:
        return HostState(
            version="5.0.0", pid=1, ready=self.ready, paused=("pause" in {a[0] for a in self.asked})
        )

    def plugin_rows(self) -> tuple[PluginRow, ...]:
        return (PluginRow(id="p", name="P", distribution="d", version="1", state="active"),)

    def hook_metrics(self) -> tuple[HookMetrics, ...]:
        return (HookMetrics(plugin="p", hook="on_alert", calls=3, errors=1, seconds=0.5),)

    def reports(self) -> tuple[Report, ...]:
        return (Report(plugin="p", name="mood", text="well", since="2026-01-05T12:00:00.000Z"),)

    def channels(self) -> tuple[ChannelRow, ...]:
        return (ChannelRow(channel="webhook", where="https://chat.example", least="HIGH", state="fine"),)

    async def test_channels(self, actor: str) -> tuple[ChannelAnswer, ...]:
        self.asked.append(("test", actor))
        return (ChannelAnswer(channel="webhook", where="https://chat.example", state="sent", status=204),)

    def note_command(self, command: HumanCommand) -> None:
        self.noted.append(command)

    async def close_position(self, ticket: int, actor: str) -> CloseResult:
        self.asked.append(("close", str(ticket), actor))
        if ticket == 12:
            return CloseResult(success=True, order_id=12, closed_volume=0.05, profit_dollars=1.5)
        return CloseResult(success=False, order_id=ticket, code="NOT_FOUND", message="no such position")

    async def reconcile(self) -> BooksReport:
        row = BookRow(kind=BookKind.FOREIGN, book="live", ticket=9, symbol="EURUSD", side="BUY")
        return BooksReport(equal=True, rows=(row,))

    async def decide(self, choice: str, which: str, actor: str) -> Decided:
        self.asked.append((choice, which, actor))
        return Decided(choice=Choice(choice), ticket=9, intent_id="", message="over")

    async def pause(self, actor: str) -> None:
        self.asked.append(("pause", actor))

    async def resume(self, actor: str, confirmed: bool = False) -> None:
        self.asked.append(("resume", actor))
        if self.locked and not confirmed:
            raise Locked("Trading is locked.", "Confirm it.")

    async def limits(self) -> tuple[LimitRow, ...]:
        return (
            LimitRow(which="daily", scope="account", loss=12.0, limit=200.0, open_risk=3.0, remaining=185.0),
        )

    async def reset_limit(self, which: str, scope: str, actor: str) -> float:
        self.asked.append(("reset", which, scope, actor))
        return 12.0

    async def switch_plugin(self, name: str, enabled: bool, actor: str) -> tuple[PluginRow, ...]:
        self.asked.append(("enable" if enabled else "disable", name, actor))
        return self.plugin_rows()

    async def shadow_plugin(self, name: str, on: bool, actor: str) -> ShadowSwitch:
        self.asked.append(("shadow", name, str(on), actor))
        return shadow_switch(name, on, 2, 0)

    async def panic(self, level: str, actor: str) -> tuple[CloseResult, ...]:
        self.asked.append(("panic", level, actor))
        return ()


@attrs.frozen
class Api:
    """A served host and a way to ask it."""

    host: StandingHost
    server: ApiServer

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        token: str | None = TOKEN,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        return await asyncio.to_thread(self._ask, method, path, body, token, headers or {})

    def _ask(
        self, method: str, path: str, body: bytes | None, token: str | None, headers: dict[str, str]
    ) -> tuple[int, Any, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        told = {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}
        connection.request(method, path, body, told)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        is_json = found.get("content-type", "").startswith("application/json")
        return answer.status, json.loads(text) if is_json else text.decode(), found


@pytest.fixture
async def api(traded_home: Home) -> AsyncIterator[Api]:
    journal = WriterThread(traded_home.journal_db, Durability.FULL)
    settings = HostSettings()
    broker = open_paper(traded_home.data, settings.paper, {}, SystemClock())
    await broker.start()
    host = StandingHost(traded_home, journal, broker)
    server = ApiServer(0, token_hash(TOKEN))
    await server.start(host)
    server.announce(True)
    yield Api(host, server)
    await server.stop()
    await broker.stop()
    await journal.close()


async def test_health_is_open_and_says_nothing_more(api: Api) -> None:
    assert (await api.ask("GET", "/api/health", token=None))[:2] == (200, {"ok": True, "version": "5.0.0"})
    api.host.ready = False
    assert (await api.ask("GET", "/api/health", token=None))[0] == 503


async def test_every_other_path_needs_the_token(api: Api) -> None:
    for path in ("/api/status", "/api/nothing", "/metrics", "/"):
        status, body, _ = await api.ask("GET", path, token=None)
        assert (status, body["error"]["code"]) == (401, "UNAUTHORIZED")
    assert (await api.ask("GET", "/api/status", token="wrong"))[0] == 401


async def test_ten_wrong_tokens_close_the_door_for_a_minute(api: Api) -> None:
    for _ in range(10):
        assert (await api.ask("GET", "/api/status", token="wrong"))[0] == 401
    assert (await api.ask("GET", "/api/status"))[0] == 429


async def test_other_hosts_and_other_sites_are_refused(api: Api) -> None:
    assert (await api.ask("GET", "/api/status", headers={"Host": "evil.example"}))[0] == 403
    assert (await api.ask("GET", "/api/status", headers={"Origin": "https://evil.example"}))[0] == 403
    fine = {"Host": "localhost:1", "Origin": "http://127.0.0.1:5"}
    assert (await api.ask("GET", "/api/status", headers=fine))[0] == 200


async def test_a_large_body_is_refused(api: Api) -> None:
    status, body, _ = await api.ask("POST", "/api/pause", b"x" * 65_537)
    assert (status, body["error"]["code"]) == (413, "TOO_LARGE")
    assert api.host.asked == []


async def test_answers_are_not_sniffed_and_name_no_server(api: Api) -> None:
    _, _, headers = await api.ask("GET", "/api/status")
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


async def test_the_listings_are_those_of_the_journal(api: Api) -> None:
    _, alerts, _ = await api.ask("GET", "/api/alerts")
    assert [row["id"] for row in alerts] == [1, 2, 3]
    assert [row["id"] for row in (await api.ask("GET", "/api/alerts?limit=1"))[1]] == [3]
    assert len((await api.ask("GET", "/api/orders?limit=0"))[1]) == 2
    assert [row["status"] for row in (await api.ask("GET", "/api/trades"))[1]] == ["closed", "open"]
    assert [row["comment"] for row in (await api.ask("GET", "/api/paper/orders"))[1]] == [
        "v3:intent000a:A",
        "v3:intent000b:B",
    ]
    assert [row["ticket"] for row in (await api.ask("GET", "/api/paper/positions"))[1]] == [12]


async def test_positions_and_account_come_from_the_broker(api: Api) -> None:
    (row,) = (await api.ask("GET", "/api/positions"))[1]
    assert (row["ticket"], row["plugin"], row["leg"], row["external_id"]) == (12, "combined_v3", "B", "x-1")
    assert (await api.ask("GET", "/api/account"))[1]["balance"] == 10_099.0


async def test_a_story_goes_by_the_alerts_own_id(api: Api) -> None:
    status, story, _ = await api.ask("GET", "/api/alerts/x-1/story")
    assert status == 200
    assert story["alert"]["id"] == 1
    assert story["decisions"]["combined_v3"]["gates"][0]["name"] == "consensus"
    status, body, _ = await api.ask("GET", "/api/alerts/nothing/story")
    assert (status, body["error"]["code"]) == (404, "NOT_FOUND")


async def test_status_names_money_and_plugins(api: Api) -> None:
    _, told, _ = await api.ask("GET", "/api/status")
    assert told["bot_status"] == "running"
    assert (told["total_pnl"], told["open_positions"]) == (99.0, 1)
    assert told["plugins"][0]["id"] == "p"
    (row,) = (await api.ask("GET", "/api/plugins"))[1]
    reports = row.pop("reports")
    assert [row] == told["plugins"]
    assert reports == told["reports"] != []


async def test_closing_a_position_says_what_came_of_it(api: Api) -> None:
    status, told, _ = await api.ask("POST", "/api/positions/12/close", headers={"X-Zepix-Actor": "me<x>"})
    assert (status, told["success"]) == (200, True)
    status, told, _ = await api.ask("POST", "/api/positions/-5/close")
    assert (status, told["error"]["code"]) == (409, "NOT_FOUND")
    assert api.host.asked == [("close", "12", "cli:mex"), ("close", "-5", "api")]


async def test_limits_are_shown_and_lifted(api: Api) -> None:
    (row,) = (await api.ask("GET", "/api/limits"))[1]
    assert (row["scope"], row["remaining"], row["reached"]) == ("account", 185.0, False)
    status, told, _ = await api.ask("POST", "/api/limits/reset", b'{"which": "daily"}')
    assert (status, told) == (200, {"which": "daily", "scope": "account", "before": 12.0, "now": 0.0})
    assert api.host.asked[-1][:3] == ("reset", "daily", "account")
    assert (await api.ask("POST", "/api/limits/reset", b'{"which": "weekly"}'))[0] == 422


async def test_the_books_are_compared_and_a_decision_is_handed_on(api: Api) -> None:
    status, told, _ = await api.ask("POST", "/api/reconcile")
    assert (status, told["equal"], told["rows"][0]["kind"]) == (200, True, "foreign")
    status, told, _ = await api.ask("POST", "/api/reconcile/decide", b'{"choice": "forget", "which": "9"}')
    assert (status, told["message"], api.host.asked[-1]) == (200, "over", ("forget", "9", "api"))
    assert (await api.ask("POST", "/api/reconcile/decide", b'{"which": "9"}'))[0] == 422


async def test_a_lock_ends_only_when_that_is_confirmed(api: Api) -> None:
    api.host.locked = True
    status, told, _ = await api.ask("POST", "/api/resume")
    assert (status, told["error"]["code"]) == (409, "Locked")
    assert (await api.ask("POST", "/api/resume", b'{"confirm": true}'))[0] == 200


async def test_pause_resume_and_panic_reach_the_host(api: Api) -> None:
    assert (await api.ask("POST", "/api/pause", b"{}"))[1]["paused"] is True
    assert (await api.ask("POST", "/api/resume"))[0] == 200
    assert (await api.ask("POST", "/api/panic", b'{"level": "flatten"}'))[1]["level"] == "flatten"
    assert [asked[0] for asked in api.host.asked] == ["pause", "resume", "panic"]


@pytest.mark.parametrize("body", [b'{"level": "x"}', b"[]", b"{", b'{"level": 1}'])
async def test_a_panic_that_is_not_understood_is_refused(api: Api, body: bytes) -> None:
    status, told, _ = await api.ask("POST", "/api/panic", body)
    assert status == 422
    assert told["error"]["hint"]
    assert api.host.asked == []


async def test_wrong_methods_and_parameters_are_told_as_such(api: Api) -> None:
    assert (await api.ask("GET", "/api/pause"))[0] == 405
    status, told, _ = await api.ask("GET", "/api/alerts?limit=many")
    assert (status, told["error"]["code"]) == (422, "INVALID")


async def test_shadow_mode_is_switched_and_reported(api: Api) -> None:
    status, told, _ = await api.ask("POST", "/api/plugins/p/shadow", b'{"shadow_mode": true}')
    assert (status, told["shadow_mode"], api.host.asked[-1][:3]) == (200, True, ("shadow", "p", "True"))
    assert "Each of the 2 live positions stays" in told["told"]
    _, rows, _ = await api.ask("GET", "/api/plugins/shadow")
    found = {(row["plugin"], row["symbol"], row["book"]): row for row in rows}
    live = found["combined_v3", "XAUUSD", "live"]
    assert (live["trades"], live["wins"], live["money"], live["open"]) == (1, 1, 99.0, 1)


@pytest.mark.parametrize(
    ("path", "status"), [("plugins/shadow?plugin=nobody", 404), ("plugins/shadow?since=soon", 422)]
)
async def test_a_report_that_cannot_be_made_is_refused(api: Api, path: str, status: int) -> None:
    assert (await api.ask("GET", f"/api/{path}"))[0] == status


async def test_metrics_are_numbers_collectors_read(api: Api) -> None:
    status, text, _ = await api.ask("GET", "/metrics")
    assert status == 200
    assert 'zepix_alerts{state="done"} 1' in text
    assert "zepix_up 1" in text
    assert 'zepix_hook_errors{plugin="p",hook="on_alert"} 1' in text


async def test_a_port_that_is_taken_is_a_settings_error(api: Api) -> None:
    second = ApiServer(api.server.port or 0, token_hash(TOKEN))
    with pytest.raises(SettingsError) as caught:
        await second.start(api.host)
    assert "--api-port" in caught.value.hint


async def test_what_goes_wrong_inside_is_told_without_details(api: Api) -> None:
    await api.host.journal.close()
    api.host.home.journal_db.unlink()
    status, told, _ = await api.ask("GET", "/api/alerts")
    assert status in (500, 503)
    assert set(told["error"]) == {"code", "message", "hint"}


async def test_a_test_notice_goes_through_every_channel(api: Api) -> None:
    status, (row,), _ = await api.ask("POST", "/api/notify/test", headers={"X-Zepix-Actor": "me"})
    assert (status, row["channel"], row["state"], row["status"]) == (200, "webhook", "sent", 204)
    assert api.host.asked == [("test", "cli:me")]
    assert (await api.ask("GET", "/api/notices"))[:2] == (200, [])
    (channel,) = (await api.ask("GET", "/api/status"))[1]["channels"]
    assert (channel["where"], channel["state"]) == ("https://chat.example", "fine")


async def test_what_people_ask_for_is_written_down_with_who_and_from_where(api: Api) -> None:
    body = b'{"enabled": false, "api_token": "x", "nested": {"password": "y"}}'
    await api.ask("POST", "/api/plugins/p/toggle", body, headers={"X-Zepix-Actor": "me\x7f<b>"})
    await api.ask("POST", "/api/positions/12/close")
    await api.ask("POST", "/api/pause", b"not json")
    await api.ask("GET", "/api/status")
    toggle, close, pause = api.host.noted
    assert (toggle.name, toggle.by, toggle.origin) == ("plugins/p/toggle", "cli:meb", "api 127.0.0.1")
    masked = {"enabled": False, "api_token": "***", "nested": {"password": "***"}}
    assert toggle.arguments == {"name": "p", **masked}
    assert (close.name, close.by, close.arguments) == ("positions/12/close", "api", {"ticket": 12})
    assert (pause.name, pause.arguments) == ("pause", {})


async def test_a_server_that_fails_is_started_again_at_the_same_port(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zepix_core.lifeline.RESTART_PAUSE", 0.01)
    port, failed = api.server.port, list[int]()
    real = api_module._make_server

    def fails_once() -> Any:
        if failed:
            return real()
        failed.append(1)
        raise OSError("no more of it")

    monkeypatch.setattr(api_module, "_make_server", fails_once)
    server = ApiServer(0, token_hash(TOKEN))
    await server.start(api.host)
    server.announce(True)
    again = attrs.evolve(api, server=server)
    assert (await again.ask("GET", "/api/health", token=None))[0] == 200
    assert failed and server.port != port
    await server.stop()
