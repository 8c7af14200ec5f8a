"""`zepix config`."""
