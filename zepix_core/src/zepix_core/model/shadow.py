"""What switching a plugin's shadow mode did."""

import attrs


@attrs.frozen(kw_only=True)
class ShadowSwitch:
    """How a plugin stands after the switch; ``told`` says it in words.

    Attributes:
        live_positions, shadow_positions: What it has open in each book; they stay where they are.
    """

    plugin: str
    shadow_mode: bool
    live_positions: int
    shadow_positions: int
    told: str


def shadow_switch(plugin: str, on: bool, live: int, shadow: int, running: bool = True) -> ShadowSwitch:
    """With the sentences that a person should read."""
    when = "from now on" if running else "from the next start on"
    if on:
        told = f"New entries of {plugin} fill in the shadow book {when}."
        stay = (
            f" {_open(live, 'live')} with the broker: its stop and the plugin's exits go on." if live else ""
        )
    else:
        told = f"New entries of {plugin} are sent to the broker {when}."
        stay = f" {_open(shadow, 'shadow')} in the shadow book until it is closed there." if shadow else ""
    return ShadowSwitch(
        plugin=plugin, shadow_mode=on, live_positions=live, shadow_positions=shadow, told=told + stay
    )


def _open(count: int, book: str) -> str:
    return f"The {book} position stays" if count == 1 else f"Each of the {count} {book} positions stays"
