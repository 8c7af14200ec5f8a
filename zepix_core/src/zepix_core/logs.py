"""Logging: JSON lines in files and from children, readable lines on the console, no secrets in either.

Every module logs through ``logging.getLogger(__name__)``. What is being worked on (`bound`) is added to every
record made meanwhile. Children write JSON lines to stderr, which the host takes into its own log (`relay`).
"""

import contextlib
import json
import logging
import logging.handlers
import re
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from zepix_core.clock import iso

BOT_TOKEN = re.compile(r"\d{8,10}:[\w-]{35}")
MASK = "***"
SHORTEST_SECRET = 4
FILE_BYTES = 10 * 1024 * 1024
FILE_COUNT = 5
NOISY = ("httpx", "httpcore", "telegram", "uvicorn.access", "watchfiles")

_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default={})  # noqa: B039 (never written to)
_secrets: set[str] = set()


@contextlib.contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields, such as ``alert_id`` and ``plugin``, to every record made inside."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def keep_secret(value: str) -> None:
    """Mask this value in every line from now on. Values under 4 characters would mask half the log."""
    if len(value) >= SHORTEST_SECRET:
        _secrets.add(value)


def mask(text: str) -> str:
    """The text with known secrets, and anything like a bot token, replaced by ``***``."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return BOT_TOKEN.sub(MASK, text)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = record.__dict__.get("fields")
    return {**record.__dict__.get("bound", {}), **(fields if isinstance(fields, dict) else {})}


class _Bind(logging.Filter):
    """Notes what was bound where the record was made; formatting may happen elsewhere."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.__dict__.setdefault("bound", _bound.get())
        return True


class JsonLines(logging.Formatter):
    """A record as one line of JSON: ``at level logger event``, then its fields, then ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": iso(int(record.created * 1e9)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return mask(json.dumps(line, ensure_ascii=False, default=str))


def configure_child() -> None:
    """Log JSON lines to stderr. Cheap: loads nothing beyond the standard library."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    _install([handler], logging.INFO)


def configure_host(
    level: str = "INFO", file: Path | None = None, console: bool = True, console_level: str | None = None
) -> None:
    """Log to a rotating file of JSON lines (5 × 10 MB) and, readable, to stderr. May be called again.

    ``level`` is a name of `logging`; libraries that print URLs or every request stay at WARNING.
    ``console_level`` is another one for stderr alone; it can only show less.
    """
    handlers: list[logging.Handler] = []
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        rotating = logging.handlers.RotatingFileHandler(
            file, maxBytes=FILE_BYTES, backupCount=FILE_COUNT, encoding="utf-8", delay=True
        )
        rotating.setFormatter(JsonLines())
        handlers.append(rotating)
    if console:
        stream = logging.StreamHandler(sys.stderr)
        stream.setFormatter(_console_formatter())
        if console_level is not None:
            stream.setLevel(console_level)
        handlers.append(stream)
    _install(handlers, logging.getLevelNamesMapping().get(level.upper(), logging.INFO))


def relay(name: str, line: str) -> None:
    """Take one stderr line of the child ``name`` into this process's log, keeping level, event and fields."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or "event" not in said:
        said = {"event": line}
    event = str(said.pop("event"))
    level = logging.getLevelNamesMapping().get(str(said.pop("level", "info")).upper(), logging.INFO)
    logger = str(said.pop("logger", "output"))
    said.pop("at", None)
    logging.getLogger(f"zepix.{name}").log(level, "%s", event, extra={"fields": {"said_by": logger, **said}})


def _install(handlers: list[logging.Handler], level: int) -> None:
    root = logging.getLogger()
    for old in root.handlers[:]:
        if getattr(old, "of_zepix", False):
            root.removeHandler(old)
            old.close()
    for handler in handlers:
        handler.addFilter(_Bind())
        handler.of_zepix = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(level)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)
    threading.excepthook = _thread_died


def _thread_died(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread is not None else "?"
    info = (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    logging.getLogger(__name__).critical("the thread %s died", name, exc_info=info)


def _console_formatter() -> logging.Formatter:
    # structlog would print tracebacks through rich, with the values of local variables: secrets among them.
    hidden = {name: sys.modules.get(name) for name in ("rich",)}
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import structlog
    finally:
        for name, module in hidden.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module

    def add_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        record: logging.LogRecord = event["_record"]
        return {**event, **_fields(record), "timestamp": iso(int(record.created * 1e9))}

    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )

    class Readable(structlog.stdlib.ProcessorFormatter):
        def format(self, record: logging.LogRecord) -> str:
            return mask(super().format(record))

    return Readable(
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name],
        processors=[add_fields, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
