"""One thing that is wrong with a message, by its place in the text."""

import attrs


@attrs.frozen
class Fault:
    """Something found in a text.

    Attributes:
        at: Offset of the first character it is about; ``length``: how many characters.
        code: What is wrong, in one word; the host's or the plugin's own reason where there is one.
        text: The same as a sentence.
        hint: What to do about it, or ``""``.
        grave: The alert would fail; otherwise it works, but not as well as it could.
    """

    at: int
    length: int
    code: str
    text: str
    hint: str = ""
    grave: bool = True
