"""Names that no plugin and no database group may have; apart, so that a worker need not load `discovery`."""

RESERVED = frozenset({"core"})
