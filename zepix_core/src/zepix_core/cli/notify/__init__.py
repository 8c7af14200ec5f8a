"""`zepix notify`."""
