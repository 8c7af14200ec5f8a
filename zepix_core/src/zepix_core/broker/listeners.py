"""Who wants to hear from a broker. Adapters inherit this part of the port."""

import logging
from collections.abc import Callable
from typing import TypeVar

from zepix_core.model.market import Tick
from zepix_core.model.order import Deal
from zepix_core.model.storage import StorageNews

log = logging.getLogger(__name__)

T = TypeVar("T")


class Listeners:
    """Keeps listeners; one that fails is logged and stops neither the others nor the broker."""

    def __init__(self) -> None:
        self._on_deals: list[Callable[[tuple[Deal, ...]], None]] = []
        self._on_ticks: list[Callable[[tuple[Tick, ...]], None]] = []
        self._on_link: list[Callable[[bool], None]] = []
        self._on_change: list[Callable[[], None]] = []
        self._on_storage: list[Callable[[StorageNews], None]] = []

    def on_deals(self, listener: Callable[[tuple[Deal, ...]], None]) -> None:
        """Call ``listener`` with new deals, in the caller's loop."""
        self._on_deals.append(listener)

    def on_ticks(self, listener: Callable[[tuple[Tick, ...]], None]) -> None:
        """Call ``listener`` with batches of ticks, in the caller's loop."""
        self._on_ticks.append(listener)

    def on_link(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener`` when the broker is lost (False) and when it is back (True)."""
        self._on_link.append(listener)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when something else than `submit` changed the broker's books."""
        self._on_change.append(listener)

    def on_storage(self, listener: Callable[[StorageNews], None]) -> None:
        """Call ``listener`` when a file of the broker's own cannot be written, and when it can be again."""
        self._on_storage.append(listener)

    def tell_storage(self, news: StorageNews) -> None:
        """Say how a file of the broker's own stands."""
        _tell(self._on_storage, news)

    def tell_change(self) -> None:
        """Say that something else than `submit` changed the books."""
        _tell([_deaf(listener) for listener in self._on_change], None)

    def tell_deals(self, deals: tuple[Deal, ...]) -> None:
        """Hand deals out; an empty batch is not news."""
        if deals:
            _tell(self._on_deals, deals)

    def tell_ticks(self, ticks: tuple[Tick, ...]) -> None:
        """Hand ticks out; an empty batch is not news."""
        if ticks:
            _tell(self._on_ticks, ticks)

    def tell_link(self, up: bool) -> None:
        """Say that the broker is lost or back."""
        _tell(self._on_link, up)


def _deaf(listener: Callable[[], None]) -> Callable[[None], None]:
    return lambda _: listener()


def _tell(listeners: list[Callable[[T], None]], news: T) -> None:
    for listener in listeners:
        try:
            listener(news)
        except Exception:
            log.exception("a listener to the broker failed")
