"""V6 Price Action for Zepix: four plugins, one for each chart they trade."""
