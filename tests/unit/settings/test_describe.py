"""The effective configuration, for people and for programs."""

from __future__ import annotations

import json

from cscs_bootstrap.settings import as_json, as_text, describe, load_settings
from tests.unit.settings.loading import COMPLETE, YamlFile


def test_each_row_has_value_and_origin(yaml_file: YamlFile) -> None:
    loaded = yaml_file.load("strict: yes\nsnapshot_max_age: 2.50\n", COMPLETE)
    rows = {row.key: row for row in describe(loaded)}

    assert rows["strict"].value is True
    assert str(rows["strict"].origin) == f"{yaml_file.path}:1"
    assert (rows["snapshot_max_age"].value, rows["snapshot_max_age"].unit) == ("2.5", "seconds")
    assert rows["storage_systems"].value == {"capstor": "cscs-capstor"}
    assert rows["waldur_api.access_token"].value == "***"
    assert str(rows["waldur_api.access_token"].origin) == "variable WALDUR_API_TOKEN"
    assert rows["sentry.dsn"].value is None
    assert str(rows["sentry.dsn"].origin) == "default"


def test_queries_of_urls_are_masked() -> None:
    """People put all sorts of things into them."""
    url = "https://auth.example.com/token?sid=hush-hush"
    rows = {row.key: row for row in describe(load_settings({"CSCS_DWDI_OIDC_TOKEN_URL": url}))}

    shown = rows["usage.cscs_dwdi_oidc_token_url"].value
    assert shown == "https://auth.example.com/token?***"


def test_the_text_has_a_line_for_every_setting() -> None:
    rows = describe(load_settings(COMPLETE))
    lines = as_text(rows).splitlines()

    assert [line.split()[0] for line in lines] == [row.key for row in rows]


def test_the_json_form_is_json(yaml_file: YamlFile) -> None:
    loaded = yaml_file.load("storage_roots: {capstor: /x}\n", COMPLETE)
    decoded = {row["key"]: row for row in json.loads(json.dumps(as_json(describe(loaded))))}

    assert decoded["storage_roots"] == {
        "key": "storage_roots",
        "variable": "CSCS_STORAGE_ROOTS",
        "value": {"capstor": ["/x"]},
        "unit": None,
        "origin": {"source": "file", "name": str(yaml_file.path), "line": 1},
    }
    assert decoded["backend_settings.inode_soft_coefficient"]["value"] == "1.33"
    assert decoded["snapshot_max_age"]["value"] == "15"
    assert decoded["debug"]["value"] is False
