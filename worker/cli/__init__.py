"""The operator's command.  The folder tree is the command tree: `parked/list.py` is `lockstep parked list`.

A command's module is imported when it is called, so that `lockstep --help` is quick.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil

import click

HIDDEN = "_"


class Tree(click.Group):
    """A group whose commands are the modules of a folder: each has a `command`; a folder is a group of its own."""

    def __init__(self, package: str, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        folder = importlib.import_module(self.package).__path__
        names = [module.name for module in pkgutil.iter_modules(folder) if not module.name.startswith(HIDDEN)]
        return sorted(name.replace("_", "-") for name in names)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0].lower(), self.list_commands(ctx), n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?", error.ctx) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{self.package}.{cmd_name.replace('-', '_')}"
        module = importlib.import_module(name)
        if hasattr(module, "__path__"):
            return Tree(name, name=cmd_name, help=module.__doc__)
        command = module.command
        assert isinstance(command, click.Command)
        return command


EXIT_CODES = """
Exit codes: 0 done; 1 it was looked at and something is wrong (a case fails, `doctor` found a problem, an event of a file cannot
be used, an act is not possible); 2 the command line is wrong, or the file is not what was asked for; 3 the environment or the
configuration is wrong; 4 the store cannot be used; 5 there is no such event, subject, system or attribute.
"""


@click.command(cls=Tree, package=__name__, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="lockstep-sync", prog_name="lockstep")
def lockstep() -> None:
    """Keeps user attributes in step across identity systems: in order, once, and able to say why."""


lockstep.epilog = " ".join(EXIT_CODES.split())


def main() -> None:
    """The console script."""
    from worker.cli._frame import guarded

    guarded(lockstep)


__all__ = ["lockstep", "main"]
