"""Options of the commands that write documents."""

from typing import get_args

from cscs_cli.document_options import MappingName
from cscs_domain.storage.mappings import MAPPINGS


def test_every_mapping_can_be_chosen_by_its_name() -> None:
    assert set(MAPPINGS) == set(get_args(MappingName))
