"""`zepix limits`."""
