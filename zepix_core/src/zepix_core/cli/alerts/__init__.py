"""`zepix alerts`."""
