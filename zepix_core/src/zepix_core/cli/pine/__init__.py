"""`zepix pine`."""
