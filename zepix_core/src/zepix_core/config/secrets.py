"""Secrets: one type that never shows itself, the ``.env`` file, and tokens."""

import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zepix_core.config.atomic import write_private
from zepix_core.errors import SettingsError

MASK = "***"
WEBHOOK_TOKEN = "ZEPIX_WEBHOOK_TOKEN"  # noqa: S105 (the name of a variable)
API_TOKEN = "ZEPIX_API_TOKEN"  # noqa: S105 (the name of a variable)
SECRET_ENDINGS = ("token", "password", "secret", "key")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,256}")
STRONG_LENGTH = 16
LEAST_MASKED = 4


class Secret:
    """A text that shows itself only to who asks with `reveal`; everything else sees ``***``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and secrets.compare_digest(
            self._value.encode(), other._value.encode()
        )

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        return (Secret, (MASK,))


def is_secret_key(key: str) -> bool:
    """True for a settings key that holds a secret: its last word ends in token, password, secret or key."""
    return key.rsplit(".", 1)[-1].lower().endswith(SECRET_ENDINGS)


def masked(data: Any, key: str = "") -> Any:
    """A copy of plain data in which every secret reads ``***``."""
    if isinstance(data, Secret):
        return MASK
    if isinstance(data, Mapping):
        return {name: masked(value, str(name)) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [masked(value, key) for value in data]
    if isinstance(data, str) and data and key and is_secret_key(key):
        return MASK
    return data


def mask_known(data: Any, env_file: Path) -> Any:
    """A copy of plain data in which the values of the ``.env`` file read ``***``, wherever they stand."""
    known = sorted((secret.reveal() for secret in read_env(env_file).values()), key=len, reverse=True)
    return _without([value for value in known if len(value) >= LEAST_MASKED], data)


def _without(known: list[str], data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _without(known, value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without(known, value) for value in data]
    if isinstance(data, str):
        for value in known:
            data = data.replace(value, MASK)
    return data


def token_hash(token: str) -> str:
    """SHA-256 of a token, hexadecimal: what is compared, so that the token itself need not be kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """32 random bytes, safe in an address."""
    return secrets.token_urlsafe(32)


def check_token(token: str) -> str:
    """The token when it can stand in an address.

    Raises:
        SettingsError: It is empty, too long, or has characters an address would change.
    """
    if not _TOKEN.fullmatch(token):
        raise SettingsError(
            "The webhook token cannot be used.",
            "Use up to 256 letters, digits or - . _ ~; `zepix init` makes one when you name none.",
        )
    return token


def is_weak(token: Secret) -> bool:
    """True for a token that could be guessed: shorter than 16 characters."""
    return len(token.reveal()) < STRONG_LENGTH


def read_env(path: Path) -> dict[str, Secret]:
    """Read a ``.env`` file: ``NAME=value`` lines, ``#`` comments, quotes around a value are removed.

    Raises:
        SettingsError: Others may read the file (POSIX), it cannot be read, or a line is not understood.
    """
    try:
        if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError(
                f"{path} can be read by others, and it holds secrets.", f'Run: chmod 600 "{path}"'
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Check its owner and mode.") from error
    values: dict[str, Secret] = {}
    faults: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, sign, value = line.partition("=")
        if not sign or not _NAME.fullmatch(name.strip()):
            faults.append(f"{path.name}:{number}: not a NAME=value line")
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[name.strip()] = Secret(value)
    if faults:
        raise SettingsError(f"{path} has mistakes.", "Write one NAME=value a line.", tuple(faults))
    return values


def save_env(path: Path, values: Mapping[str, Secret]) -> None:
    """Write ``values`` into the ``.env`` file, keeping its other lines; mode 0600.

    Raises:
        SettingsError: The file cannot be written.
    """
    try:
        old = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        old = ["# Secrets of this Zepix home. Keep this file to yourself."]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Check its owner and mode.") from error
    left = dict(values)
    lines: list[str] = []
    for line in old:
        name = line.strip().removeprefix("export ").partition("=")[0].strip()
        lines.append(f"{name}={left.pop(name).reveal()}" if name in left else line)
    lines += [f"{name}={secret.reveal()}" for name, secret in left.items()]
    write_private(path, "\n".join(lines) + "\n")


def environment(env_file: Path) -> dict[str, Secret]:
    """Every variable a placeholder may name: the ``.env`` file, overridden by the process's environment."""
    values = read_env(env_file)
    values.update({name: Secret(value) for name, value in os.environ.items()})
    return values
