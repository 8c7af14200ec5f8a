"""The demo plays samples that ship with Zepix, and sums up what became of them."""

from io import StringIO

from rich.console import Console

from zepix_core.cli.demo import read_samples, summary
from zepix_core.config.home import Home
from zepix_core.journal.story import tell
from zepix_core.storage.connection import open_reader


def test_the_samples_ship_with_titles_and_bodies() -> None:
    samples = read_samples()
    assert len(samples) >= 5
    assert all(sample.title and sample.body for sample in samples)


def test_the_summary_names_each_alert_and_its_orders(traded_home: Home) -> None:
    connection = open_reader(traded_home.journal_db)
    ends = []
    for sample, name in zip(read_samples(), ("1", "2"), strict=False):
        story = tell(connection, name)
        assert story is not None
        ends.append((sample, story))
    out = StringIO()
    Console(file=out, width=200).print(summary(ends))
    text = out.getvalue()
    assert "refused: expired" in text
    assert "A open BUY 0.05 closed" in text
