"""The Litestar application of the API port. Imported late: only a started host needs it."""

import logging
from typing import Any

from litestar import Litestar, MediaType, Request, Response, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException

from zepix_core.errors import BrokerOffline, StorageError, UsageError, ZepixError
from zepix_core.web.rest.actions import ACTIONS, note
from zepix_core.web.rest.gate import BODY_LIMIT, error_body
from zepix_core.web.rest.metrics import metrics
from zepix_core.web.rest.reads import READS
from zepix_core.web.view import HostView

log = logging.getLogger(__name__)
_STATUS: tuple[tuple[type[ZepixError], int], ...] = (
    (UsageError, 422),
    (BrokerOffline, 503),
    (StorageError, 503),
)


def create_app(host: HostView) -> Litestar:
    """The application over one running host."""
    return Litestar(
        route_handlers=[Router("/api", route_handlers=[*READS, *ACTIONS]), metrics],
        state=State({"host": host}),
        before_request=note,
        openapi_config=None,
        debug=False,
        logging_config=None,
        request_max_body_size=BODY_LIMIT,
        exception_handlers={
            ZepixError: _refused,
            HTTPException: _http,
            Exception: _unexpected,
        },
    )


def _json(status: int, body: bytes) -> Response[bytes]:
    return Response(body, status_code=status, media_type=MediaType.JSON)


def _refused(_: Request[Any, Any, Any], error: ZepixError) -> Response[bytes]:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 409)
    return _json(status, error_body(type(error).__name__, error.message, error.hint))


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = 422 if isinstance(error, ValidationException) else error.status_code
    return _json(status, error_body(_code(status), error.detail))


def _code(status: int) -> str:
    names = {400: "BAD_REQUEST", 404: "NOT_FOUND", 405: "NOT_ALLOWED", 413: "TOO_LARGE", 422: "INVALID"}
    return names.get(status, "REFUSED")


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _json(500, error_body("INTERNAL", "The host could not answer.", "See `zepix logs`."))
