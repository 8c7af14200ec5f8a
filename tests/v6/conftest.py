"""Hosts with the four plugins."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from zepix_core import Book
from zepix_core.testing.clock import VirtualClock

from .desk import Desk, host


@pytest.fixture(params=[Book.LIVE, Book.SHADOW], ids=lambda book: book.value)
async def desk(
    request: pytest.FixtureRequest, tmp_path: Path, virtual_clock: VirtualClock
) -> AsyncIterator[Desk]:
    """A host in one of the two modes; prices stand where they begin."""
    book: Book = request.param
    async with host(tmp_path / "home", virtual_clock, shadow=book is Book.SHADOW) as paper:
        yield Desk(paper, book)


@pytest.fixture
async def live(tmp_path: Path, virtual_clock: VirtualClock) -> AsyncIterator[Desk]:
    async with host(tmp_path / "home", virtual_clock, shadow=False) as paper:
        yield Desk(paper, Book.LIVE)
