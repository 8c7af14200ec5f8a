"""`zepix plugins`."""
