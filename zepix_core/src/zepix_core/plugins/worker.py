"""Child that hosts the plugins of one distribution: ``python -I -m zepix_core.plugins.worker LOCK``."""

import sys

# A worker speaks over a pipe and hashes little: asyncio without TLS and hashes without OpenSSL save 8 MB in
# each. Plugins can still import ssl.
OPENSSL = ("ssl", "_hashlib")
sys.modules |= dict.fromkeys(OPENSSL)  # type: ignore[arg-type]
import asyncio  # noqa: E402, F401
import hashlib  # noqa: E402, F401
import hmac  # noqa: E402, F401

for name in OPENSSL:
    del sys.modules[name]

from zepix_core.clock import SystemClock  # noqa: E402
from zepix_core.plugins.worker_core import build  # noqa: E402
from zepix_core.wire.child import serve  # noqa: E402

if __name__ == "__main__":
    serve(build(SystemClock()))
