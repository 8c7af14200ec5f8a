"""Child that hosts the plugins of one distribution: ``python -I -m zepix_core.plugins.worker LOCK``."""

import sys

# A worker speaks over a pipe. asyncio without TLS saves 5 MB in each; plugins can still import ssl.
sys.modules["ssl"] = None  # type: ignore[assignment]
import asyncio  # noqa: E402, F401

del sys.modules["ssl"]

from zepix_core.clock import SystemClock  # noqa: E402
from zepix_core.plugins.worker_core import build  # noqa: E402
from zepix_core.wire.child import serve  # noqa: E402

if __name__ == "__main__":
    serve(build(SystemClock()))
