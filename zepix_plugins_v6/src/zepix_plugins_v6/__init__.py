"""V6 Price Action for Zepix: the wire grammar of the V6 indicator's messages."""
