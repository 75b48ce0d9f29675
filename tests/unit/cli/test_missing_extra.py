"""`cscs serve` where the server's libraries are not installed."""

import sys

import pytest

from cscs_bootstrap.settings import Settings
from cscs_cli.failures import UsageError
from cscs_cli.http_server import make_server


@pytest.mark.parametrize("library", ["uvicorn", "starlette"])
def test_a_missing_library_is_told_with_what_to_install(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] in {"uvicorn", "starlette", "cscs_api"}:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(UsageError, match=f"'{library}.*cscs-domain\\[api,cli\\]"):
        make_server(Settings())
