"""``zepix reconcile``."""

from typing import Any

import click

from zepix_core.cli.confirm import confirmed
from zepix_core.cli.options import format_option, home_option
from zepix_core.config.home import Home

COLUMNS = (
    "kind", "settled", "ticket", "intent_id", "plugin", "symbol", "side", "our_lots", "their_lots", "our_sl",
    "their_sl", "our_tp", "their_tp", "our_price", "their_price", "book", "state", "why", "choices",
)  # fmt: skip
QUESTIONS = {
    "adopt": "Manage {} from now on as the broker shows it?",
    "close": "Close {} at the broker now?",
    "forget": "Give {} up? What is still open of it is foreign from then on: nobody here touches it.",
}


@click.command()
@click.option("--adopt", metavar="WHAT", help="The broker is right: manage it as it stands there.")
@click.option("--close", metavar="WHAT", help="Close the position at the broker.")
@click.option("--forget", metavar="WHAT", help="It is none of ours any more.")
@click.option("--all", "everything", is_flag=True, help="Also what both books agree about.")
@click.option("--yes", is_flag=True, help="Ask nothing; needed where nobody can be asked.")
@home_option
@format_option
def command(
    home: Home,
    shape: str,
    adopt: str | None,
    close: str | None,
    forget: str | None,
    everything: bool,
    yes: bool,
) -> int:
    """Compare the host's books with the broker's, and decide about contradictions.

    A running host asks the broker, books what its deals explain, and shows what is left; of a stopped one the
    files are compared. WHAT is a ticket or an intent. Ends with 1 while something needs a person.
    """
    from zepix_core.cli.client import find_host, need_host
    from zepix_core.cli.options import existing
    from zepix_core.errors import UsageError

    wishes = [(name, what) for name, what in (("adopt", adopt), ("close", close), ("forget", forget)) if what]
    if len(wishes) > 1:
        raise UsageError("One decision at a time.", "Name one of --adopt, --close and --forget.")
    if wishes:
        choice, which = wishes[0]
        host = need_host(existing(home))
        if not confirmed(QUESTIONS[choice].format(which), yes):
            return 1
        _print_decided(host.post("reconcile/decide", {"choice": choice, "which": which}), shape)
        return 0
    client = find_host(existing(home))
    if client is not None:
        told = client.post("reconcile")
    else:
        from zepix_core.cli.reconcile_files import report_of_files

        told = report_of_files(home)
    _print_report(told, shape, everything)
    return 0 if told["equal"] else 1


def _print_decided(told: dict[str, Any], shape: str) -> None:
    from zepix_core.cli.output import print_facts

    if shape == "table":
        what = f"Position {told['ticket']}" if told["ticket"] else f"Intent {told['intent_id']}"
        click.echo(f"{what}: {told['message']}.")
    else:
        print_facts(told, shape)


def _print_report(told: dict[str, Any], shape: str, everything: bool) -> None:
    from zepix_core.cli import columns
    from zepix_core.cli.output import print_facts, print_rows

    rows = told["rows"]
    if shape == "json":
        print_facts(told, shape)
        return
    shown = [row for row in rows if everything or shape != "table" or row["kind"] != "same"]
    print_rows(shown, COLUMNS, shape, "Both books say the same.", columns.RECONCILE)
    if shape != "table":
        return
    same = sum(row["kind"] == "same" for row in rows)
    if not everything and same and shown:
        click.echo(f"{same} more on which both books agree.")
    if not told["broker_asked"]:
        click.echo("The broker cannot be asked while the host is stopped: this is the journal alone.")
    for held in told["held"]:
        click.echo(f"{held['plugin']} opens nothing on {held['symbol']}: {held['why']}.")
    for row in rows:
        if row["choices"] and not row["settled"]:
            what = row["ticket"] or row["intent_id"]
            ways = ", ".join(f"zepix reconcile --{choice} {what}" for choice in row["choices"])
            click.echo(f"Decide about {what}: {ways}")
