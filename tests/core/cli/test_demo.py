"""The demo plays samples that ship with Zepix, and sums up what became of them."""

from io import StringIO

from rich.console import Console

from zepix_core.cli.demo import Played, Sample, own_samples, read_samples, summary, understood
from zepix_core.config.home import Home
from zepix_core.journal.story import tell
from zepix_core.storage.connection import open_reader


def shown(ends: list[Played]) -> str:
    out = StringIO()
    Console(file=out, width=200).print(summary(ends))
    return out.getvalue()


def test_the_samples_ship_with_titles_and_bodies() -> None:
    samples = read_samples()
    assert len(samples) >= 5
    assert all(sample.title and sample.body for sample in samples)


def test_another_run_sends_other_bodies() -> None:
    samples = read_samples()
    first, second = (own_samples(samples, boot) for boot in ("aaaa", "bbbb"))
    assert not {sample.body for sample in first} & {sample.body for sample in second}
    assert [sample.title for sample in first] == [sample.title for sample in samples]


def test_the_repeated_sample_stays_one_within_a_run() -> None:
    bodies = [sample.body for sample in read_samples()]
    own = [sample.body for sample in own_samples(read_samples(), "aaaa")]
    assert len(set(bodies)) == len(bodies) - 1
    assert [own.index(body) for body in own] == [bodies.index(body) for body in bodies]


def test_pipe_text_is_sent_as_it_is() -> None:
    samples = (Sample("t", "TREND|XAUUSD|15"), Sample("t", '{"a":1}'))
    assert [sample.body for sample in own_samples(samples, "aaaa")] == [
        "TREND|XAUUSD|15",
        '{"id":"demo-aaaa-2","a":1}',
    ]


def test_the_summary_names_each_alert_and_its_orders(traded_home: Home) -> None:
    connection = open_reader(traded_home.journal_db)
    ends = [
        Played(sample=sample, status=200, alert=name, story=tell(connection, name))
        for sample, name in zip(read_samples(), ("1", "2"), strict=False)
    ]
    text = shown(ends)
    assert "refused: expired" in text
    assert "A open BUY 0.05 closed" in text


def test_the_summary_lists_duplicates_and_what_was_refused_at_the_door() -> None:
    sample = Sample("A [title]", "{}")
    answers = (
        (200, '{"ok":true,"status":"duplicate","id":7}'),
        (422, '{"ok":false,"error":"unresolved_placeholder"}'),
        (0, ""),
    )
    text = shown([understood(sample, *answer) for answer in answers])
    assert text.count("A [title]") == 3
    for part in ("duplicate of 7", "422", "not taken: unresolved_placeholder", "not taken: no answer"):
        assert part in text
