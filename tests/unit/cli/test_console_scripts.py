"""The console scripts where the libraries of their extra are not installed."""

import sys
from collections.abc import Callable

import pytest

from cscs_cli import __main__, sync_script


@pytest.mark.parametrize(
    ("run", "name", "module"),
    [
        (__main__.run, "cscs", "cscs_cli.main"),
        (sync_script.run, "waldur_cscs_storage_sync", "cscs_cli.sync_main"),
    ],
    ids=["cscs", "sync"],
)
def test_a_missing_extra_is_one_sentence_with_what_to_install(
    run: Callable[[], int],
    name: str,
    module: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "cyclopts", None)

    assert run() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"{name}: ")
    assert "cscs-domain[cli]" in said.err


def test_a_missing_module_of_ours_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a broken installation, which nobody should be told to mend with an extra."""
    monkeypatch.setitem(sys.modules, "cscs_cli.sync_main", None)

    with pytest.raises(ModuleNotFoundError):
        sync_script.run()
