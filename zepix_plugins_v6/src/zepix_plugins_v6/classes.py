"""Names for ranges of numbers, for display and storage. No rule compares them."""

from decimal import Decimal


def adx_strength(adx: Decimal | None) -> str:
    """``STRONG`` from 25, ``MODERATE`` from 20, ``WEAK`` below, ``NONE`` without a number."""
    if adx is None:
        return "NONE"
    return "STRONG" if adx >= 25 else "MODERATE" if adx >= 20 else "WEAK"


def confidence_level(score: int) -> str:
    """``HIGH`` from 80, ``MODERATE`` from 50, ``LOW`` below."""
    return "HIGH" if score >= 80 else "MODERATE" if score >= 50 else "LOW"
