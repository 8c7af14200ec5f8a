"""Child that hosts the plugins of one distribution: ``python -I -m zepix_core.plugins.worker LOCK``."""

from zepix_core.clock import SystemClock
from zepix_core.plugins.worker_core import build
from zepix_core.wire.child import serve

if __name__ == "__main__":
    serve(build(SystemClock()))
