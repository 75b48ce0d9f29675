"""Filters on the command line take the words of the API, and say which there are."""

import pytest

from cscs_cli.failures import UsageError
from cscs_cli.storage_filters import NO_FILTERS, FilterOptions, row_filter
from cscs_domain.storage.filters import EVERYTHING, RowFilter
from cscs_domain.storage.states import ResourceState, Status

SYSTEMS = ("capstor", "vast")


def test_no_option_asks_for_everything() -> None:
    assert row_filter(NO_FILTERS, SYSTEMS) == EVERYTHING


def test_all_options_together_make_one_filter() -> None:
    options = FilterOptions(
        storage_system="vast", data_type="store", status="pending", state="Creating"
    )

    assert row_filter(options, SYSTEMS) == RowFilter(
        storage_system="vast",
        data_type="store",
        status=Status.PENDING,
        state=ResourceState.CREATING,
    )


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (FilterOptions(storage_system="x"), "use one of: capstor, vast."),
        (
            FilterOptions(status="Pending"),
            "use one of: pending, active, updating, removing, removed, error, unknown.",
        ),
        (
            FilterOptions(state="unknown"),
            "use one of: Creating, OK, Updating, Terminating, Terminated, Erred.",
        ),
        (FilterOptions(data_type=" "), "such as store."),
    ],
)
def test_an_unknown_value_is_refused_with_what_is_allowed(
    options: FilterOptions, allowed: str
) -> None:
    with pytest.raises(UsageError) as caught:
        row_filter(options, SYSTEMS)

    assert str(caught.value).endswith(allowed)


def test_a_data_type_that_nobody_uses_is_no_mistake() -> None:
    assert row_filter(FilterOptions(data_type="own"), SYSTEMS) == RowFilter(data_type="own")
