"""Bracket: plain JSON alerts placed as orders with a stop and a target."""
