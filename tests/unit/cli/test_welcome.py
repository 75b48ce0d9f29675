"""What the demo says."""

from cscs_bootstrap.settings import load_settings
from cscs_bootstrap.wiring import DEMO_COLLECTOR_KEY, DEMO_CONFIG
from cscs_cli.welcome import examples, welcome


def test_the_welcome_has_the_lines_to_paste_each_on_its_own() -> None:
    lines = welcome("http://127.0.0.1:1", "capstor").splitlines()

    assert [line for line in lines if line.startswith("curl ")] == [
        line for _, line in examples("http://127.0.0.1:1", "capstor")
    ]


def test_a_name_with_quotes_cannot_leave_its_place_in_the_line() -> None:
    lines = [line for _, line in examples("http://127.0.0.1:1", "a'; rm -rf b")]

    assert any("storage_system=a%27%3B%20rm%20-rf%20b" in line for line in lines)


def test_the_key_of_the_example_is_the_demos() -> None:
    key = load_settings({}, config_path=DEMO_CONFIG).settings.events.collector_key

    assert key is not None
    assert key.reveal() == DEMO_COLLECTOR_KEY
