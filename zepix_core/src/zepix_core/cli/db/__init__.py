"""`zepix db`."""
