"""What a person asked the host to do."""

from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class HumanCommand:
    """A command, as it is written down before it is carried out.

    Attributes:
        name: What was asked, such as ``panic``.
        by: Who; ``origin``: from where, such as ``api 127.0.0.1``.
        nonce: What made it unique, where it was confirmed with a button; ``""`` otherwise.
        arguments: JSON values, secrets masked.
    """

    name: str
    by: str
    origin: str
    nonce: str = ""
    arguments: dict[str, Any] = attrs.field(factory=dict)
