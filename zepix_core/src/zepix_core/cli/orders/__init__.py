"""`zepix orders`."""
