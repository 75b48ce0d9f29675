"""Numbers: exact amounts, the many forms in which they are sent, and what is no amount at all."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.storage.quotas import QuotaOverrides

_NOTED: Final = ("0.1", "0.5", "1", "8.2", "10", "12.6", "120.5", "0.000001", "999999999999")
_LARGEST_LIMIT: Final = Decimal(10) ** 12


def terabytes(
    *, positive: bool = False, largest: Decimal = _LARGEST_LIMIT
) -> SearchStrategy[Decimal]:
    """Finite amounts from 0 (or above it) to 10^12 with up to 24 decimal places."""
    everyday = st.sampled_from([Decimal(text) for text in _NOTED])
    fractions = st.builds(
        lambda digits, places: Decimal(digits).scaleb(-places),
        st.integers(0, 10**12),
        st.integers(0, 24),
    )
    whole = st.integers(0, int(_LARGEST_LIMIT)).map(Decimal)
    amounts = st.one_of(everyday, fractions, whole)
    return amounts.filter(lambda amount: amount <= largest and (amount > 0 or not positive))


@st.composite
def sent_numbers(draw: DrawFn, amounts: SearchStrategy[Decimal] | None = None) -> object:
    """An amount as an upstream may send it: int, `Decimal`, or one of the usual texts."""
    amount = draw(terabytes() if amounts is None else amounts)
    plain = f"{amount:f}"
    texts = [plain, f" {plain} ", f"+{plain}", str(amount), f"{amount:E}"]
    texts.append(f"{plain}0" if "." in plain else f"{plain}.0")
    # The domain bounds the length of number texts: a test of that is not a test of their value.
    forms: list[object] = [amount, *(text for text in texts if len(text) <= 40)]
    if amount == amount.to_integral_value():
        forms.append(int(amount))
    return draw(st.sampled_from(forms))


@cache
def usual_numbers() -> SearchStrategy[object]:
    """A few amounts in all the forms of `sent_numbers`: cheap, for rows that hold many."""
    return st.sampled_from(_SENT)


_SENT: Final[tuple[object, ...]] = (
    *(0, 1, 2, 10, 500, 10**12),
    *(Decimal(text) for text in ("8.2", "0.5", "10.0", "1E+1", "1e-24", "0.000001", "0")),
    *("", " ", "0", "5", "10000.0", "+8.2", " 12.6 ", "1e3", ".5", "7."),
)


def unusable_numbers() -> SearchStrategy[object]:
    """Values that no quantity can be made of: negative, endless, huge, or not numbers."""
    texts = (
        "NaN",
        "inf",
        "-1",
        "1,5",
        "1_000",
        "1e400",
        "ten",
        "0x10",
        "1.2.3",
        "٣",
        "--1",
        "1e18",
    )
    numbers = (-1, 10**18, 10**400, Decimal("NaN"), Decimal("-0.1"), Decimal("1e-25"))
    others: tuple[object, ...] = (True, False, [], {}, [1], {"a": 1})
    return st.sampled_from((*texts, *numbers, Decimal("Infinity"), Decimal("1e999999999"), *others))


def overrides() -> SearchStrategy[QuotaOverrides]:
    """Administrative overrides, parsed: each of the four is there or not."""
    space = st.none() | terabytes()
    inodes = st.none() | st.integers(0, 10**18 - 1)
    return st.builds(
        QuotaOverrides,
        space_soft_tb=space,
        space_hard_tb=space,
        inodes_soft=inodes,
        inodes_hard=inodes,
    )
