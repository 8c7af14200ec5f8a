"""``data/ports.json``: where the commands of this machine find the host that runs."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from zepix_core.config.atomic import write_atomic
from zepix_core.config.home import Home
from zepix_core.front_desk import Listening


def write_ports(home: Home, faces: Sequence[Listening]) -> None:
    """Write the ports of the faces that listen, and this process."""
    ports: dict[str, Any] = {face.name: face.port for face in faces if face.port is not None}
    write_atomic(home.ports_file, msgspec.json.encode({**ports, "pid": os.getpid()}).decode())


def remove_ports(home: Home) -> None:
    """Remove the file, unless another process has written it since."""
    with suppress(OSError, msgspec.DecodeError):
        if msgspec.json.decode(home.ports_file.read_bytes()).get("pid") == os.getpid():
            home.ports_file.unlink()
