"""`zepix trades`."""
