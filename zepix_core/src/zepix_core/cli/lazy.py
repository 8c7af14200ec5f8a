"""A click group whose commands are imported when they are called, not before."""

import importlib

import click

from zepix_core.cli.tree import Branch


class LazyGroup(click.Group):
    """A group over one branch of the tree; a command's module is named like the command.

    Args:
        package: Package the modules of this branch stand in.
    """

    def __init__(self, *, branch: Branch, package: str, name: str, help: str, **more: object) -> None:
        super().__init__(name=name, help=help, **more)  # type: ignore[arg-type]
        self.branch, self.package = branch, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.branch)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.branch.get(cmd_name)
        if entry is None:
            return None
        path = f"{self.package}.{cmd_name}"
        if isinstance(entry, tuple):
            return LazyGroup(branch=entry[1], package=path, name=cmd_name, help=entry[0])
        command: click.Command = importlib.import_module(path).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, entry if isinstance(entry, str) else entry[0]) for name, entry in self.branch.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], list(self.branch), n=1)
            if near and not args[0].startswith("-"):
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None
            raise
