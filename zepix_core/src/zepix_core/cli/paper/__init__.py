"""`zepix paper`."""
