"""What the API does on a person's word; each is written down with who asked."""

from typing import Any

import attrs
import msgspec
from litestar import MediaType, Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from zepix_core.config.secrets import masked
from zepix_core.errors import UsageError
from zepix_core.model.command import HumanCommand
from zepix_core.model.limits import DAILY, LIFETIME
from zepix_core.web.rest.answers import body, host_of
from zepix_core.web.rest.gate import error_body
from zepix_core.web.view import PANIC_LEVELS

ACTOR_HEADER = "x-zepix-actor"
ACTOR_LENGTH = 64


@attrs.frozen(kw_only=True)
class PanicRequest:
    """How far to go: ``entries``, ``flatten`` or ``lock``."""

    level: str = "entries"


@attrs.frozen(kw_only=True)
class ResumeRequest:
    """Whether a lock is to end, too."""

    confirm: bool = False


@attrs.frozen(kw_only=True)
class ResetRequest:
    """Which limit to lift: ``daily`` or ``lifetime``, of the ``account`` or of a plugin."""

    which: str
    scope: str = "account"


@attrs.frozen(kw_only=True)
class DecideRequest:
    """What to do (``adopt``, ``close``, ``forget``) with what a ticket or an intent names."""

    choice: str
    which: str


@attrs.frozen(kw_only=True)
class ToggleRequest:
    """Whether a plugin may run."""

    enabled: bool


@attrs.frozen(kw_only=True)
class ShadowRequest:
    """Whether a plugin's entries fill in the shadow book."""

    shadow_mode: bool


async def note(request: Request[Any, Any, Any]) -> None:
    """Write down who asks for what from where, before it is carried out."""
    if request.method == "GET":
        return
    client = request.client.host if request.client is not None else ""
    command = HumanCommand(
        name=request.url.path.removeprefix("/api/"),
        by=_actor(request),
        origin=f"api {client}".rstrip(),
        arguments={**request.path_params, **_arguments(await request.body())},
    )
    host_of(request.app.state).note_command(command)


def _arguments(data: bytes) -> dict[str, Any]:
    """The fields of a body; what is no JSON object is refused by the action itself."""
    try:
        found = msgspec.json.decode(data or b"{}")
    except (msgspec.DecodeError, ValueError):
        return {}
    return masked(found) if isinstance(found, dict) else {}


def _actor(request: Request[Any, Any, Any]) -> str:
    named = request.headers.get(ACTOR_HEADER, "")
    clean = "".join(sign for sign in named if sign.isalnum() or sign in "-_.@")[:ACTOR_LENGTH]
    return f"cli:{clean}" if clean else "api"


@post("/positions/{ticket:int}/close", media_type=MediaType.JSON, status_code=200)
async def close(state: State, request: Request[Any, Any, Any], ticket: FromPath[int]) -> Response[bytes]:
    """Close one position fully."""
    result = await host_of(state).close_position(ticket, _actor(request))
    if result.success:
        return Response(body(result), media_type=MediaType.JSON)
    message = f"Position {ticket} was not closed{': ' + result.message if result.message else ''}."
    return Response(
        error_body(result.code or "REFUSED", message, "See `zepix positions list`."),
        status_code=409,
        media_type=MediaType.JSON,
    )


@post("/pause", media_type=MediaType.JSON, status_code=200)
async def pause(state: State, request: Request[Any, Any, Any]) -> bytes:
    """No entries until resumed."""
    host = host_of(state)
    await host.pause(_actor(request))
    return body(host.state())


@post("/resume", media_type=MediaType.JSON, status_code=200)
async def resume(state: State, request: Request[Any, Any, Any]) -> bytes:
    """Entries again; a lock ends only with ``{"confirm": true}``."""
    asked: ResumeRequest = _read(await request.body(), ResumeRequest, '{"confirm": true}')
    host = host_of(state)
    await host.resume(_actor(request), asked.confirm)
    return body(host.state())


@post("/panic", media_type=MediaType.JSON, status_code=200)
async def panic(state: State, request: Request[Any, Any, Any]) -> bytes:
    """Brake, and flatten when asked."""
    asked = _read_panic(await request.body())
    host = host_of(state)
    closed = await host.panic(asked.level, _actor(request))
    return body({"level": asked.level, "closed": closed, "state": host.state()})


@post("/limits/reset", media_type=MediaType.JSON, status_code=200)
async def reset_limit(state: State, request: Request[Any, Any, Any]) -> bytes:
    """Lift a loss limit: losses until now count no more."""
    asked: ResetRequest = _read(await request.body(), ResetRequest, '{"which": "daily", "scope": "account"}')
    if asked.which not in (DAILY, LIFETIME):
        raise UsageError(f"There is no limit {asked.which!r}.", f"Choose {DAILY} or {LIFETIME}.")
    before = await host_of(state).reset_limit(asked.which, asked.scope, _actor(request))
    return body({"which": asked.which, "scope": asked.scope, "before": round(before, 2), "now": 0.0})


@post("/reconcile", media_type=MediaType.JSON, status_code=200)
async def reconcile(state: State) -> bytes:
    """Compare the books, settle what deals explain, and say how both sides stand."""
    return body(await host_of(state).reconcile())


@post("/reconcile/decide", media_type=MediaType.JSON, status_code=200)
async def decide(state: State, request: Request[Any, Any, Any]) -> bytes:
    """Do what a person decides about a contradiction of the books."""
    asked: DecideRequest = _read(await request.body(), DecideRequest, '{"choice": "adopt", "which": "1234"}')
    return body(await host_of(state).decide(asked.choice, asked.which, _actor(request)))


@post("/plugins/{name:str}/toggle", media_type=MediaType.JSON, status_code=200)
async def toggle(state: State, request: Request[Any, Any, Any], name: FromPath[str]) -> bytes:
    """Let a plugin, or all of a distribution, run; or no more. Answers with their rows."""
    asked: ToggleRequest = _read(await request.body(), ToggleRequest, '{"enabled": true}')
    return body(await host_of(state).switch_plugin(name, asked.enabled, _actor(request)))


@post("/plugins/{name:str}/shadow", media_type=MediaType.JSON, status_code=200)
async def shadow(state: State, request: Request[Any, Any, Any], name: FromPath[str]) -> bytes:
    """Switch a plugin's shadow mode; says what happens to its open positions."""
    asked: ShadowRequest = _read(await request.body(), ShadowRequest, '{"shadow_mode": true}')
    return body(await host_of(state).shadow_plugin(name, asked.shadow_mode, _actor(request)))


@post("/notify/test", media_type=MediaType.JSON, status_code=200)
async def test_channels(state: State, request: Request[Any, Any, Any]) -> bytes:
    """Send a test notice through every channel, and tell what became of each."""
    return body(await host_of(state).test_channels(_actor(request)))


def _read(data: bytes, kind: type[Any], sample: str) -> Any:
    try:
        return msgspec.json.decode(data or b"{}", type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise UsageError(f"The body is not understood: {error}.", f"Send {sample}.") from error


def _read_panic(data: bytes) -> PanicRequest:
    asked: PanicRequest = _read(data, PanicRequest, '{"level": "entries"}')
    if asked.level not in PANIC_LEVELS:
        raise UsageError(f"There is no level {asked.level!r}.", f"Choose one of {', '.join(PANIC_LEVELS)}.")
    return asked


ACTIONS = (close, pause, resume, panic, reset_limit, reconcile, decide, toggle, shadow, test_channels)
