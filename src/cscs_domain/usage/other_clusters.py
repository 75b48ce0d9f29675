"""Whether a warehouse has narrowed its answer to the cluster that it was asked about.

One that does not know the filter would send the usage of all clusters, and each would be billed
for it. Source: DWDI contract, section 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cscs_domain.usage.findings import About, Findings, Oddity


def note_other_clusters(
    row: Mapping[str, object], subject: str, cluster: str, findings: Findings
) -> None:
    """Note an account's row, or users' rows in it, that name another cluster."""
    for named in _clusters(row):
        if isinstance(named, str) and named.lower() != cluster.lower():
            findings.add(Oddity.OTHER_CLUSTER, About(subject), named)


def _clusters(row: Mapping[str, object]) -> Iterator[object]:
    yield row.get("cluster")
    users = row.get("users")
    for user in users if isinstance(users, list) else ():
        if isinstance(user, dict):
            yield user.get("cluster")
