"""`zepix positions`."""
