"""`zepix audit`."""
