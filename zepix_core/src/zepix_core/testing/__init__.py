"""What plugin and broker authors test with: clocks, a real running host, the broker contract."""
