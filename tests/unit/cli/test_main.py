"""What the command answers before any subcommand does its work."""

import pytest

from cscs_cli.main import main
from cscs_domain import __version__

COMMANDS = (
    ["serve"],
    ["emulate"],
    ["config"],
    ["config", "check"],
    ["config", "example"],
    ["storage"],
    ["storage", "show"],
    ["storage", "export"],
    ["storage", "orders"],
    ["storage", "order"],
)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cscs {__version__}\n"


def test_the_command_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0

    text = capsys.readouterr().out
    assert all(name in text for name in ("serve", "config", "storage", "cscs serve --demo"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_teaches_an_example_variables_and_exit_codes(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--help"]) == 0

    text = capsys.readouterr().out
    assert f"Usage: cscs {' '.join(command)}" in text
    assert all(word in text for word in ("Example", "Variables:", "Exit codes:"))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["sevre"], "Did you mean"),
        (["serve", "--prot", "1"], "Try: cscs serve --help"),
        (["serve", "--port", "x"], "Try: cscs serve --help"),
        (["config", "check", "--part", "x"], "storage"),
        (["storage", "show", "--demo", "stray"], "Try: cscs storage show --help"),
        (["serve", "--demo", "--workers", "2"], "snapshots live in the process"),
        (["serve", "--demo", "--workers", "0"], "Use --workers 1"),
        (["storage", "show", "--tree", "--json"], "exclude each other"),
        (["storage", "export", "--keep", "all"], "Try: cscs storage export --help"),
    ],
    ids=str,
)
def test_wrong_usage_is_told_on_standard_error_with_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert complaint in said.err


def test_arguments_reach_no_terminal_as_controls(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b[31mserve"]) == 2
    assert "\x1b" not in capsys.readouterr().err
