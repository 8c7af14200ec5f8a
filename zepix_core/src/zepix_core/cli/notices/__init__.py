"""`zepix notices`."""
